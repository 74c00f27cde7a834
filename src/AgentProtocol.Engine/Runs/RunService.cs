using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.Engine.Runs;

/// <summary>Runs, as callers see them: create, read, cancel, delete. Executing them is another room's work.</summary>
public sealed class RunService
{
    /// <summary>Creates a run. Returns as soon as it is durable; nothing here waits for the agent.</summary>
    public Task<CreatedRun> CreateAsync(string owner, NewRun run, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads a run; with a thread, only if it is on that thread.</summary>
    public Task<Run> GetAsync(string owner, Guid? threadId, Guid runId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>The runs of a thread, newest first.</summary>
    public Task<IReadOnlyList<Run>> ListAsync(string owner, Guid threadId, RunListRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Finds runs on any thread.</summary>
    public Task<RunPage> SearchAsync(string owner, RunSearchRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Deletes an ended run; an active one is a conflict unless <paramref name="force"/> cancels it first.</summary>
    public Task DeleteAsync(string owner, Guid? threadId, Guid runId, bool force, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Cancels a run; with <paramref name="wait"/>, answers when it has ended. An ended run stays as it is.</summary>
    public Task CancelAsync(string owner, Guid? threadId, Guid runId, CancelAction action, bool wait, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Waits until a run has ended and reads what it led to. An erased run gives the thread's current values.</summary>
    public Task<RunResult> WaitAsync(string owner, Guid? threadId, Guid runId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>
    /// Opens the event stream of a run; throws before the first event when the run is unknown.
    /// The caller enumerates <see cref="RunStream.ReadAsync"/> and disposes the stream, which detaches it.
    /// </summary>
    public Task<RunStream> OpenStreamAsync(string owner, Guid? threadId, Guid runId, RunStreamRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>
    /// Says that a reader whose loss may cancel the run is gone without having seen the end. The run is cancelled
    /// after the grace unless somebody attaches again.
    /// </summary>
    public Task DisconnectAsync(string owner, Guid runId) => throw new NotImplementedException();
}

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
public sealed record NewRun(Guid? ThreadId, RunCreate Request, RawJson Body, RunReader Reader);

/// <summary>A run that was created.</summary>
/// <param name="Run">The run.</param>
/// <param name="Stateless">Whether its thread is temporary, so that it is addressed without its thread.</param>
/// <param name="CancelOnDisconnect">Whether losing the creating stream or wait cancels it.</param>
public sealed record CreatedRun(Run Run, bool Stateless, bool CancelOnDisconnect);

/// <summary>What a run led to.</summary>
/// <param name="Run">The run, ended; null when it was erased by a rollback.</param>
/// <param name="Values">The state after it, <c>messages</c> included.</param>
/// <param name="Messages">The messages in Agent Protocol form.</param>
/// <param name="Error">Its failure, if it failed: a type name and a message.</param>
public sealed record RunResult(Run? Run, RawJson Values, RawJson Messages, RunFailure? Error);

/// <summary>Why a run failed.</summary>
/// <param name="Type">A type name, as in the SSE event <c>error</c>.</param>
/// <param name="Message">The message.</param>
public sealed record RunFailure(string Type, string Message);

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
