namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>checkpoints</c>.</summary>
internal sealed class CheckpointRow
{
    public Guid ThreadId { get; init; }

    /// <summary>Order on the thread, from 1; it only grows, with gaps where a run was erased.</summary>
    public int N { get; init; }

    public Guid Id { get; init; }

    public required string Owner { get; init; }

    public Guid? ParentId { get; init; }

    public Guid? RunId { get; init; }

    /// <summary>-1 for the first input of the thread, 0 for the merged input, then 1, 2, … and on through all runs.</summary>
    public int Step { get; init; }

    /// <summary><c>input</c>, <c>loop</c>, <c>update</c> or <c>fork</c>.</summary>
    public required string Source { get; init; }

    /// <summary>The step that made it.</summary>
    public string? Node { get; init; }

    public int Segment { get; init; }

    /// <summary>What changed since the row before it in the segment; null at the start of a segment.</summary>
    public string? Delta { get; init; }

    /// <summary>The whole state; only at the start of a segment.</summary>
    public string? Snapshot { get; init; }

    /// <summary>For input checkpoints: the head before the run, to which a rollback returns.</summary>
    public Guid? ReplacedHead { get; init; }

    /// <summary>For edits of the state: the number of the thread's last run at that time, which gives the edit its place among the runs.</summary>
    public long? AfterRun { get; init; }

    /// <summary>For edits: the agent of the thread at that time. That of a run's checkpoint is with the run.</summary>
    public string? Agent { get; init; }

    public Guid? AssistantId { get; init; }

    public DateTime CreatedAt { get; init; }
}
