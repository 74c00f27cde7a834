using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>crons</c>: a schedule that starts runs.</summary>
internal sealed record CronRow
{
    public required Guid CronId { get; init; }

    /// <summary>Order of creation.</summary>
    public long Seq { get; init; }

    public required string Owner { get; init; }

    public required Guid AssistantId { get; init; }

    /// <summary>The thread of its runs; null when each has one of its own.</summary>
    public Guid? ThreadId { get; init; }

    /// <summary><c>delete</c> or <c>keep</c>: the fate of the thread of each run.</summary>
    public required string OnRunCompleted { get; init; }

    public required string Schedule { get; init; }

    public string? Timezone { get; init; }

    public DateTime? EndTime { get; init; }

    public bool Enabled { get; init; } = true;

    /// <summary>The body of its runs.</summary>
    public required string Payload { get; init; }

    public required string Metadata { get; init; }

    /// <summary>A copy of <see cref="Metadata"/> to search in; null when it is empty.</summary>
    public JsonElement? Filter { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime UpdatedAt { get; init; }

    /// <summary>When it is due; null when it is disabled or over.</summary>
    public DateTime? NextRunDate { get; init; }

    /// <summary>The run that the firing under way creates, or has created.</summary>
    public Guid? FiringRun { get; init; }

    /// <summary>The thread that is made for it.</summary>
    public Guid? FiringThread { get; init; }

    /// <summary>Until when the node that fires it has it for itself.</summary>
    public DateTime? FiringUntil { get; init; }
}
