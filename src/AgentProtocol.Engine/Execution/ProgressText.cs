using System.Globalization;
using System.Text;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>A progress report as it is shown on a run; members that are unknown are left out.</summary>
internal static class ProgressText
{
    public static string Write(AgentEvent.Progress report)
    {
        var text = new StringBuilder("{");
        if (report.Percent is { } percent && double.IsFinite(percent))
        {
            text.Append("\"percent\":").Append(percent.ToString("0.###", CultureInfo.InvariantCulture));
        }

        Append(text, "phase", report.Phase);
        Append(text, "note", report.Note);
        return text.Append('}').ToString();
    }

    private static void Append(StringBuilder text, string name, string? value)
    {
        if (value is not null)
        {
            text.Append(text.Length > 1 ? "," : "").Append('"').Append(name).Append("\":").AppendJsonString(value);
        }
    }
}
