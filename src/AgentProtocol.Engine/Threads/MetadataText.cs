using System.Text;
using System.Text.Json;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Threads;

/// <summary>Merges metadata key by key, as text: nothing of what callers wrote is changed.</summary>
internal static class MetadataText
{
    /// <summary>The members of an update replace those of the same name; all others stay as they were written.</summary>
    public static string Merge(string metadata, JsonElement update)
    {
        using var document = JsonDocument.Parse(metadata, JsonText.DocumentOptions);
        var text = new StringBuilder("{");
        foreach (var member in document.RootElement.EnumerateObject())
        {
            if (update.ValueKind != JsonValueKind.Object || !update.TryGetProperty(member.Name, out _))
            {
                Append(text, member);
            }
        }

        foreach (var member in update.ValueKind == JsonValueKind.Object ? update.EnumerateObject() : default)
        {
            Append(text, member);
        }

        return text.Append('}').ToString();
    }

    private static void Append(StringBuilder text, JsonProperty member) =>
        text.Append(text.Length > 1 ? "," : "").AppendJsonString(member.Name).Append(':').Append(member.Value.GetRawText());
}
