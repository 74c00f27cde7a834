using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Runs;

/// <summary>How the creating request reads the run.</summary>
public enum RunReader
{
    /// <summary>Not at all: a background run.</summary>
    None,

    /// <summary>It streams events.</summary>
    Stream,

    /// <summary>It waits for the end.</summary>
    Wait,
}

/// <summary>A run to create.</summary>
/// <param name="ThreadId">The thread of the path, else of the body, else null for a stateless run.</param>
/// <param name="Request">The body.</param>
/// <param name="Body">The body as it was sent.</param>
/// <param name="Reader">How the creating request reads it.</param>
/// <param name="Key">The name of the request, if its caller gave it one: a repetition finds the run instead of creating another.</param>
public sealed record NewRun(Guid? ThreadId, RunCreate Request, RawJson Body, RunReader Reader, IdempotencyKey? Key = null)
{
    /// <summary>Ids that the caller has reserved by itself; what exists under them is not created again.</summary>
    internal ReservedIds? Reserved { get; init; }
}

/// <summary>Messages for a run in flight.</summary>
/// <param name="Request">The body.</param>
/// <param name="Body">The body as it was sent.</param>
/// <param name="Key">The name of the request, if its caller gave it one: a repetition tells nothing twice.</param>
public sealed record NewRunUpdate(RunUpdateCreate Request, RawJson Body, IdempotencyKey? Key = null);

/// <summary>Ids that were written down before the run is created, for a creation that may be repeated.</summary>
internal sealed record ReservedIds(Guid RunId, Guid ThreadId);

/// <summary>A run that was created.</summary>
/// <param name="Run">The run, as it was when it was stored; as it is now, when an earlier request with the same key has created it.</param>
/// <param name="Stateless">Whether its thread is temporary, so that it is addressed without its thread.</param>
/// <param name="CancelOnDisconnect">Whether losing the creating stream or wait cancels it.</param>
/// <param name="Stream">
/// For <see cref="RunReader.Stream"/>, the stream of its events, open since before it was stored; the caller disposes it.
/// </param>
/// <param name="AppliedThroughSeq">The last sequence number of the thread before the run's first event (wire-contract 6.8 rule 5).</param>
public sealed record CreatedRun(Run Run, bool Stateless, bool CancelOnDisconnect, RunStream? Stream, long AppliedThroughSeq);

/// <summary>What a run led to.</summary>
/// <param name="Run">The run, ended; null when it was erased by a rollback.</param>
/// <param name="Values">The state after it, <c>messages</c> included.</param>
/// <param name="Messages">The messages in Agent Protocol form.</param>
/// <param name="Error">Its failure, if it failed: a type name and a message.</param>
/// <param name="Interrupts">What it asks, if it stopped to wait for answers: an array of <c>{id, value}</c>.</param>
public sealed record RunResult(Run? Run, RawJson Values, RawJson Messages, RunFailure? Error, RawJson? Interrupts);

/// <summary>Why a run failed.</summary>
/// <param name="Type">A type name, as in the SSE event <c>error</c>.</param>
/// <param name="Message">The message.</param>
public sealed record RunFailure(string Type, string Message)
{
    /// <summary>Why a run failed; null when it did not.</summary>
    internal static RunFailure? Of(RunRow run) => run.ErrorType is { } type ? new RunFailure(type, run.Error ?? "") : null;
}

/// <summary>Query of <c>GET /threads/{thread_id}/runs</c>.</summary>
public sealed record RunListRequest
{
    /// <summary>1 to 1000.</summary>
    public int Limit { get; init; } = 10;

    /// <summary>From 0.</summary>
    public int Offset { get; init; }

    /// <summary>Only runs of this status.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>Only runs whose metadata contains this object.</summary>
    public System.Text.Json.JsonElement? Metadata { get; init; }
}

/// <summary>A page of runs.</summary>
/// <param name="Items">The runs of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record RunPage(IReadOnlyList<Run> Items, long Total);

/// <summary>How to read a run's events.</summary>
public sealed record RunStreamRequest
{
    /// <summary>The last number the reader has; -1 for all; null for a reader that never read (wire-contract 6.4).</summary>
    public long? LastEventId { get; init; }

    /// <summary>Only these stream modes; null for all that the run was created with.</summary>
    public IReadOnlyList<string>? StreamModes { get; init; }
}

/// <summary>An open event stream of a run.</summary>
public abstract class RunStream : IAsyncDisposable
{
    /// <summary>The thread of the run.</summary>
    public abstract Guid ThreadId { get; }

    /// <summary>Whether that thread is temporary.</summary>
    public abstract bool Stateless { get; }

    /// <summary>The events in order; ends when the run has ended and all was read. Ends early only by cancellation.</summary>
    public abstract IAsyncEnumerable<RunStreamEvent> ReadAsync(CancellationToken cancellationToken);

    /// <inheritdoc />
    public abstract ValueTask DisposeAsync();
}

/// <summary>One event of a run's stream.</summary>
/// <param name="Id">Its number in the run, from 0; the SSE id.</param>
/// <param name="Name">The SSE event name.</param>
/// <param name="Data">Its data, one complete JSON document.</param>
public readonly record struct RunStreamEvent(long Id, string Name, RawJson Data);
