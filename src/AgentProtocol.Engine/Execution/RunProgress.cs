using System.Globalization;
using System.Text;
using AgentProtocol.Agents;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// What a run has said about its progress over all attempts, as JSON text: the latest report, then the artifacts in the
/// order in which they were first made. Members that are unknown are left out.
/// </summary>
internal sealed class RunProgress
{
    private const int MaxArtifactBytes = 256 * 1024;

    private readonly List<(string Name, string Content)> artifacts = [];
    private string report = "";
    private int artifactBytes;

    /// <summary>What earlier attempts said; nothing for the first.</summary>
    public static RunProgress Parse(string? json)
    {
        var progress = new RunProgress();
        foreach (var member in json is null ? default : JsonText.Parse(json).EnumerateObject())
        {
            if (member.NameEquals("artifacts"))
            {
                foreach (var artifact in member.Value.EnumerateArray())
                {
                    progress.Put(artifact.GetProperty("name").GetString()!, artifact.GetProperty("content").GetRawText());
                }
            }
            else
            {
                progress.report += $"{(progress.report.Length > 0 ? "," : "")}\"{member.Name}\":{member.Value.GetRawText()}";
            }
        }

        return progress;
    }

    /// <summary>The latest report counts as a whole; what it does not mention is not known any more.</summary>
    public void Add(AgentEvent.Progress latest)
    {
        var text = new StringBuilder();
        if (latest.Percent is { } percent && double.IsFinite(percent))
        {
            text.Append("\"percent\":").Append(percent.ToString("0.###", CultureInfo.InvariantCulture));
        }

        Append(text, "phase", latest.Phase);
        Append(text, "note", latest.Note);
        report = text.ToString();
    }

    /// <summary>An artifact of the same name is replaced where it stands.</summary>
    /// <exception cref="AgentException">All of them together are too large: they are shown whole with every report.</exception>
    public void Add(AgentEvent.Artifact artifact) =>
        Put(Lifecycle.PlainText.Clean(artifact.Name), artifact.Content.ValueKind == System.Text.Json.JsonValueKind.Undefined
            ? "null" : JsonText.SingleLine(artifact.Content.GetRawText()));

    public string ToJson()
    {
        var text = new StringBuilder("{").Append(report);
        if (artifacts.Count > 0)
        {
            text.Append(report.Length > 0 ? "," : "").Append("\"artifacts\":[");
            for (var i = 0; i < artifacts.Count; i++)
            {
                text.Append(i == 0 ? "{\"name\":" : ",{\"name\":").AppendJsonString(artifacts[i].Name)
                    .Append(",\"content\":").Append(artifacts[i].Content).Append('}');
            }

            text.Append(']');
        }

        return text.Append('}').ToString();
    }

    private void Put(string name, string content)
    {
        var place = artifacts.FindIndex(artifact => artifact.Name == name);
        var bytes = artifactBytes + Size(name, content) - (place < 0 ? 0 : Size(name, artifacts[place].Content));
        if (bytes > MaxArtifactBytes)
        {
            throw new AgentException(
                $"The artifacts of the run would take {bytes} bytes with \"{name}\", and may take {MaxArtifactBytes}: keep large ones elsewhere and name their place");
        }

        artifactBytes = bytes;
        if (place < 0)
        {
            artifacts.Add((name, content));
        }
        else
        {
            artifacts[place] = (name, content);
        }
    }

    private static int Size(string name, string content) => Encoding.UTF8.GetByteCount(name) + Encoding.UTF8.GetByteCount(content);

    private static void Append(StringBuilder text, string name, string? value)
    {
        if (value is not null)
        {
            text.Append(text.Length > 0 ? "," : "").Append('"').Append(name).Append("\":").AppendJsonString(value);
        }
    }
}
