using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Engine.Streams;

/// <summary>Where a reader of a thread begins.</summary>
/// <param name="After">Only events with a greater sequence number; null to begin with the run that is current.</param>
public readonly record struct ThreadStreamStart(long? After)
{
    /// <summary>
    /// With the first event of the oldest run that has not ended, else of the latest run (wire-contract 6.8 rules 3 and 4).
    /// </summary>
    public static ThreadStreamStart CurrentRun { get; } = new(null);

    /// <summary>With the first event that is kept.</summary>
    public static ThreadStreamStart Beginning { get; } = new(-1);

    /// <summary>With what happens from now on.</summary>
    public static ThreadStreamStart Now { get; } = new(long.MaxValue);
}

/// <summary>An open event stream of a thread, across its runs. It ends only when it is cancelled or the thread is deleted.</summary>
public abstract class ThreadStream : IAsyncDisposable
{
    /// <summary>The highest sequence number that was committed when the stream was opened; what is up to it is replay.</summary>
    public abstract long LastSeq { get; }

    /// <summary>The events in order, without gap or repeat. Enumerate once at a time; each enumeration begins at the start of the stream.</summary>
    public abstract IAsyncEnumerable<ThreadStreamEvent> ReadAsync(CancellationToken cancellationToken);

    /// <summary>What of these events is there already; ends where <see cref="ReadAsync"/> would wait for the first time.</summary>
    public abstract IAsyncEnumerable<ThreadStreamEvent> ReadReplayAsync(CancellationToken cancellationToken);

    /// <summary>Detaches the reader.</summary>
    public abstract ValueTask DisposeAsync();
}

/// <summary>
/// One event of a thread. There are two projections of what happens in a run, in one order: the streaming protocol's
/// events, and the events of the stream modes that the run's creator asked for.
/// </summary>
public readonly record struct ThreadStreamEvent
{
    /// <summary>Strictly increasing in the thread, across its runs, nodes and restarts; also the event's id.</summary>
    public required long Seq { get; init; }

    /// <summary>The run it belongs to; null for an edit of the thread's state.</summary>
    public Guid? RunId { get; init; }

    /// <summary>Whether it is an event of the streaming protocol; otherwise one of the run's stream modes.</summary>
    public required bool IsProtocol { get; init; }

    /// <summary>The protocol's method, such as <c>messages</c> or <c>input.requested</c>, or the name of the stream mode's event.</summary>
    public required string Name { get; init; }

    /// <summary>Where in the tree of agents; empty at the root.</summary>
    public IReadOnlyList<string> Namespace { get; init; }

    /// <summary>The step it belongs to, if any.</summary>
    public string? Node { get; init; }

    /// <summary>When it was written, in Unix milliseconds; protocol events only.</summary>
    public long Timestamp { get; init; }

    /// <summary>The data; of <c>values</c> the whole state.</summary>
    public required RawJson Data { get; init; }
}
