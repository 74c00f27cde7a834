using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>The state of a thread at a checkpoint (wire-contract 1.6, 3.9; schema <c>ThreadState</c> and its SDK superset).</summary>
public sealed record ThreadState
{
    /// <summary>The state; <c>{}</c> when there is none.</summary>
    public required RawJson Values { get; init; }

    /// <summary>The same messages in Agent Protocol form.</summary>
    public required RawJson Messages { get; init; }

    /// <summary>The nodes that would run next; empty when the thread is finished.</summary>
    public required IReadOnlyList<string> Next { get; init; }

    /// <summary>The tasks of <see cref="Next"/>; empty when the thread is finished.</summary>
    public required RawJson Tasks { get; init; }

    /// <summary><c>source</c>, <c>step</c>, the run's ids and the run's own metadata.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>When the checkpoint was written, UTC; null without a checkpoint.</summary>
    public required DateTime? CreatedAt { get; init; }

    /// <summary>The checkpoint; null when the thread has no state yet.</summary>
    public required Checkpoint? Checkpoint { get; init; }

    /// <summary>The checkpoint before it; null at the start.</summary>
    public required Checkpoint? ParentCheckpoint { get; init; }

    /// <summary>Pending interrupts.</summary>
    public required RawJson Interrupts { get; init; }

    /// <summary>The id of <see cref="Checkpoint"/>, for older clients.</summary>
    public Guid? CheckpointId => Checkpoint?.CheckpointId;

    /// <summary>The id of <see cref="ParentCheckpoint"/>, for older clients.</summary>
    public Guid? ParentCheckpointId => ParentCheckpoint?.CheckpointId;
}
