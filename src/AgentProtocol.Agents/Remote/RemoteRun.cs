using System.Text.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>A run of another server as that shows it.</summary>
/// <param name="Id">Its id there.</param>
/// <param name="Status">How far it is.</param>
/// <param name="Whole">All that the server says of it.</param>
internal sealed record RemoteRun(string Id, string Status, JsonElement Whole)
{
    /// <summary>The metadata by which a run is found that was created for a run of ours.</summary>
    public const string Mark = "agentprotocol_run_id";

    /// <summary>Whether it goes on.</summary>
    public bool IsActive => Status is "pending" or "running";

    /// <summary>Why it failed; null when the server does not say.</summary>
    public string? Error => MessageText.Property(Whole, "error");

    /// <summary>When it was created, as text that sorts.</summary>
    public DateTimeOffset CreatedAt => DateTimeOffset.TryParse(
        MessageText.Property(Whole, "created_at"), System.Globalization.CultureInfo.InvariantCulture, out var time) ? time : default;

    /// <summary>Reads a run; null for what is none.</summary>
    public static RemoteRun? From(JsonElement run) => MessageText.Property(run, "run_id") is { } id
        ? new RemoteRun(id, MessageText.Property(run, "status") ?? "", run)
        : null;

    /// <summary>Whether it was created for this run of ours.</summary>
    public bool IsFor(Guid runId) =>
        Whole.TryGetProperty("metadata", out var metadata) && MessageText.Property(metadata, Mark) == runId.ToString();

    /// <summary>The ids of the messages that it was given; null when the server does not say.</summary>
    public IEnumerable<string>? InputIds()
    {
        if (!Whole.TryGetProperty("kwargs", out var request) || request.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var command = RemoteState.Member(request, "command");
        return [.. RemoteState.Messages(RemoteState.Member(request, "input")).Concat(RemoteState.Messages(RemoteState.Member(command, "update")))
            .Select(message => MessageText.Property(message, "id")).OfType<string>()];
    }
}
