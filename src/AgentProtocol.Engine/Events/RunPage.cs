using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Events;

/// <summary>
/// What one write of an executor adds to a run: consecutive frames and, when they show state, the checkpoints behind
/// them and the new head. Frozen from the moment it is made until its fate is known.
/// </summary>
internal sealed record RunPage
{
    public required Guid RunId { get; init; }

    public required Guid ThreadId { get; init; }

    public required string Owner { get; init; }

    public required int Fence { get; init; }

    /// <summary>The position of the first frame.</summary>
    public required long First { get; init; }

    /// <summary>The number that the next event of the run's stream modes gets.</summary>
    public required long NextNumber { get; init; }

    /// <summary>The frames; may be none when only state or progress changed.</summary>
    public required IReadOnlyList<Frame> Frames { get; init; }

    public IReadOnlyList<NewCheckpoint> Checkpoints { get; init; } = [];

    /// <summary>The head that the last of <see cref="Checkpoints"/> makes; null without checkpoints.</summary>
    public HeadUpdate? Head { get; init; }

    /// <summary>Whether inputs of superseded runs were merged, so that they are not merged again.</summary>
    public bool MergedInputs { get; init; }

    /// <summary>The number of the last update that is part of <see cref="Head"/>; null when the page has taken none.</summary>
    public int? TakenUpdates { get; init; }

    /// <summary>The checkpoint at which the run stops to wait for somebody.</summary>
    public Guid? PausedAt { get; init; }

    public string? Progress { get; init; }

    public string? Usage { get; init; }

    /// <summary>The message that is being written; an empty text where what is stored of one is over, null for no change.</summary>
    public string? Partial { get; init; }

    /// <summary>Of several pages of a run, only the one with the highest fence can still be written.</summary>
    public static IReadOnlyList<RunPage> NewestOfEachRun(IReadOnlyList<RunPage> pages) =>
        pages.Count == 1 ? pages : [.. pages.OrderByDescending(page => page.Fence).DistinctBy(page => page.RunId)];

    /// <summary>Whether there is nothing to write.</summary>
    public bool IsEmpty => Frames.Count == 0 && Head is null && Progress is null && Usage is null;

    /// <summary>The position behind the last frame.</summary>
    public long Next => First + Frames.Count;
}

/// <summary>A checkpoint to be written.</summary>
internal sealed record NewCheckpoint
{
    public required Guid Id { get; init; }

    public required int N { get; init; }

    /// <summary>The run it belongs to and vanishes with; null for inputs that the run only carried.</summary>
    public required Guid? RunId { get; init; }

    public required Guid? ParentId { get; init; }

    public required int Step { get; init; }

    public required string Source { get; init; }

    public string? Node { get; init; }

    public required int Segment { get; init; }

    public string? Delta { get; init; }

    public string? Snapshot { get; init; }

    public Guid? ReplacedHead { get; init; }
}

/// <summary>The new head of a thread.</summary>
/// <param name="Id">The checkpoint.</param>
/// <param name="N">Its number.</param>
/// <param name="Segment">Its segment.</param>
/// <param name="State">The state it stands for.</param>
internal sealed record HeadUpdate(Guid Id, int N, int Segment, StateValues State);
