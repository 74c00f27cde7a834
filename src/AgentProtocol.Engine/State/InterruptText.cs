using System.Text;
using System.Text.Json;
using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.State;

/// <summary>Interrupts as JSON: on the wire and in the table <c>pauses</c> alike, <c>[{id, value}]</c> (wire-contract 1.6).</summary>
internal static class InterruptText
{
    public static string Write(IReadOnlyList<RunInterrupt> interrupts)
    {
        var text = new StringBuilder("[");
        foreach (var interrupt in interrupts)
        {
            text.Append(text.Length > 1 ? "," : "").Append("{\"id\":").AppendJsonString(interrupt.Id)
                .Append(",\"value\":").Append(JsonText.SingleLine(interrupt.Value)).Append('}');
        }

        return text.Append(']').ToString();
    }

    public static IReadOnlyList<RunInterrupt> Read(string json) =>
        [.. JsonText.Parse(json).EnumerateArray().Select(item => new RunInterrupt(item.GetProperty("id").GetString()!, ValueOf(item)))];

    private static string ValueOf(JsonElement interrupt) => interrupt.GetProperty("value").GetRawText();
}
