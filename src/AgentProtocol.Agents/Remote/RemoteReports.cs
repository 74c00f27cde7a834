using System.Text.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>Reads what servers tell about a run beside its values.</summary>
internal static class RemoteReports
{
    /// <summary>The progress of a run as servers like this one show it.</summary>
    public static IEnumerable<AgentEvent> Progress(JsonElement progress)
    {
        if (progress.ValueKind != JsonValueKind.Object)
        {
            yield break;
        }

        var percent = RemoteState.Member(progress, "percent") is { ValueKind: JsonValueKind.Number } number && number.TryGetDouble(out var value) ? value : (double?)null;
        var (phase, note) = (MessageText.Property(progress, "phase"), MessageText.Property(progress, "note"));
        if (percent is not null || phase is not null || note is not null)
        {
            yield return new AgentEvent.Progress(percent, phase, note);
        }

        foreach (var artifact in RemoteState.Items(RemoteState.Member(progress, "artifacts")))
        {
            if (MessageText.Property(artifact, "name") is { } name && artifact.TryGetProperty("content", out var content))
            {
                yield return new AgentEvent.Artifact(name, content);
            }
        }
    }

    /// <summary>The tokens of these answers together; null when none says what it cost.</summary>
    public static AgentEvent.Usage? Usage(IEnumerable<JsonElement> messages) => messages
        .Select(message => Usage(RemoteState.Member(message, "usage_metadata"))).OfType<AgentEvent.Usage>()
        .Aggregate((AgentEvent.Usage?)null, (sum, each) =>
            new AgentEvent.Usage((sum?.InputTokens ?? 0) + each.InputTokens, (sum?.OutputTokens ?? 0) + each.OutputTokens));

    /// <summary>Tokens in the form that runs and messages share; null for anything else.</summary>
    public static AgentEvent.Usage? Usage(JsonElement usage) =>
        Count(usage, "input_tokens") is { } input && Count(usage, "output_tokens") is { } output ? new AgentEvent.Usage(input, output) : null;

    private static long? Count(JsonElement usage, string name) =>
        RemoteState.Member(usage, name) is { ValueKind: JsonValueKind.Number } number && number.TryGetInt64(out var count) && count >= 0 ? count : null;
}
