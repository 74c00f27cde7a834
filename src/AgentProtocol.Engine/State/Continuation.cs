namespace AgentProtocol.Engine.State;

/// <summary>
/// Where the state of a thread goes on: the checkpoint that is continued, and the numbers with which its successor must be
/// written. Whoever continues from the past leaves the other branch as it is; the new one becomes the head.
/// </summary>
internal sealed record Continuation
{
    /// <summary>The step before the first, which is -1.</summary>
    public const int NoStep = -2;

    /// <summary>A thread without state.</summary>
    public static Continuation Beginning { get; } = new();

    /// <summary>The thread's head: ids of new checkpoints must be above it, and a rollback returns to it. Null without state.</summary>
    public Guid? HeadId { get; init; }

    /// <summary>The highest checkpoint number of the thread; the next one follows it.</summary>
    public int LastN { get; init; }

    /// <summary>The checkpoint that is continued, and so the parent of the next one. Null at the beginning.</summary>
    public Guid? ParentId { get; init; }

    /// <summary>Its step.</summary>
    public int LastStep { get; init; } = NoStep;

    /// <summary>Its segment, to which the next delta belongs where <see cref="State"/> has room for one.</summary>
    public int Segment { get; init; }

    /// <summary>Its state. Without room for a delta unless it is the head: only the last row of a segment can be continued in it.</summary>
    public SegmentState State { get; init; } = SegmentState.None;
}
