using System.Text;
using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Crons;

/// <summary>The body of a cron's runs: what was sent, without what is about the cron itself. Values stay text as they were written.</summary>
internal static class CronPayload
{
    private static readonly HashSet<string> OfTheCron = ["schedule", "timezone", "end_time", "enabled", "on_run_completed", "thread_id"];

    public static string Of(string body) => Merge("{}", body);

    /// <summary>A payload with the members of a patch in the place of its own; those that are null are as if absent.</summary>
    public static string Merge(string payload, string patch)
    {
        using var before = JsonDocument.Parse(payload, JsonText.DocumentOptions);
        using var changes = JsonDocument.Parse(patch, JsonText.DocumentOptions);
        var given = changes.RootElement.EnumerateObject().Where(member => !OfTheCron.Contains(member.Name)
            && (member.Value.ValueKind != JsonValueKind.Null || !before.RootElement.TryGetProperty(member.Name, out _))).ToList();
        return Write(before.RootElement.EnumerateObject().Where(member => !given.Exists(other => other.NameEquals(member.Name))).Concat(given));
    }

    /// <summary>The body of one run, whose metadata names the cron.</summary>
    public static string ForRun(string payload, string metadata, Guid cronId)
    {
        using var body = JsonDocument.Parse(payload, JsonText.DocumentOptions);
        using var stored = JsonDocument.Parse(metadata, JsonText.DocumentOptions);
        var marked = Write(stored.RootElement.EnumerateObject().Where(member => !member.NameEquals("cron_id")), ("cron_id", JsonText.Quote(cronId.ToString())));
        return Write(body.RootElement.EnumerateObject().Where(member => !member.NameEquals("metadata")), ("metadata", marked));
    }

    public static RunCreate ReadRun(string body) => JsonSerializer.Deserialize(body, ProtocolJsonContext.Default.RunCreate)!;

    private static string Write(IEnumerable<JsonProperty> members, params ReadOnlySpan<(string Name, string Json)> more)
    {
        var text = new StringBuilder("{");
        foreach (var member in members)
        {
            Append(text, member.Name, member.Value.GetRawText());
        }

        foreach (var (name, json) in more)
        {
            Append(text, name, json);
        }

        return text.Append('}').ToString();
    }

    private static void Append(StringBuilder text, string name, string json) =>
        text.Append(text.Length > 1 ? "," : "").AppendJsonString(name).Append(':').Append(json);
}
