using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Crons;

/// <summary>A schedule that starts runs (wire-contract 1.6 and 10; schema <c>Cron</c> of the LangGraph SDKs).</summary>
public sealed record Cron
{
    /// <summary>Its id; each of its runs has it in the metadata as <c>cron_id</c>.</summary>
    public required Guid CronId { get; init; }

    /// <summary>The assistant that its runs are created for.</summary>
    public required Guid AssistantId { get; init; }

    /// <summary>The thread that its runs are on; null when each has one of its own.</summary>
    public required Guid? ThreadId { get; init; }

    /// <summary><c>delete</c> or <c>keep</c>: what becomes of the thread of each run, without a thread of the cron.</summary>
    public required string OnRunCompleted { get; init; }

    /// <summary>When it fires, as it was sent.</summary>
    public required string Schedule { get; init; }

    /// <summary>The IANA time zone of the schedule; null for UTC.</summary>
    public required string? Timezone { get; init; }

    /// <summary>No run is started after this moment, UTC.</summary>
    public required DateTime? EndTime { get; init; }

    /// <summary>Whether it fires.</summary>
    public required bool Enabled { get; init; }

    /// <summary>When it was created, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last changed by a caller, UTC.</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>The body that its runs are created with.</summary>
    public required RawJson Payload { get; init; }

    /// <summary>Whose it is; null without authentication.</summary>
    public required string? UserId { get; init; }

    /// <summary>When it fires next, UTC; null when it is disabled or over.</summary>
    public required DateTime? NextRunDate { get; init; }

    /// <summary>What the caller stored; its runs have it too.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>The server's time, UTC; only when selected.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? Now { get; init; }
}
