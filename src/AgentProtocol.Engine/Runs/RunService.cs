using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Runs;

/// <summary>Runs, as callers see them: create, read, cancel, delete. Executing them is another room's work.</summary>
public sealed class RunService
{
    private readonly RunFactory factory;
    private readonly RunLookup runs;
    private readonly RunSearch search;
    private readonly RunWaits waits;
    private readonly ThreadReader threads;
    private readonly EventReader events;
    private readonly RunFeed feed;
    private readonly RunCancellation cancellation;
    private readonly RunRemoval removal;
    private readonly SettlementSignals signals;
    private readonly Func<bool> isStopping;
    private readonly RunsOptions options;

    /// <summary>A reader that a shutdown has cut off finds the server again only after its restart.</summary>
    private static readonly TimeSpan GraceWhenDraining = TimeSpan.FromSeconds(30);

    internal RunService(
        RunFactory factory, RunLookup runs, RunSearch search, RunWaits waits, ThreadReader threads, EventReader events, RunFeed feed,
        RunCancellation cancellation, RunRemoval removal, SettlementSignals signals, Func<bool> isStopping, IOptions<RunsOptions> options)
    {
        this.waits = waits;
        (this.factory, this.runs, this.search, this.threads, this.events, this.feed) = (factory, runs, search, threads, events, feed);
        (this.cancellation, this.removal, this.signals, this.isStopping, this.options) = (cancellation, removal, signals, isStopping, options.Value);
    }

    /// <summary>Creates a run. Returns as soon as it is durable; nothing here waits for the agent.</summary>
    /// <exception cref="ProtocolException">The agent or thread is unknown, the thread is busy, or the input cannot be merged.</exception>
    public Task<CreatedRun> CreateAsync(string owner, NewRun run, CancellationToken cancellationToken) =>
        factory.CreateAsync(owner, run, cancellationToken);

    /// <summary>Reads a run; with a thread, only if it is on that thread.</summary>
    /// <exception cref="ProtocolException">There is no such run.</exception>
    public async Task<Run> GetAsync(string owner, Guid? threadId, Guid runId, CancellationToken cancellationToken)
    {
        var run = await FindAsync(owner, threadId, runId);

        // Only those that wait pay for a second look; running and ended ones are polled most.
        return run.WorkState is null or RunState.Running ? run.ToWire() : run.ToWire() with { WaitingFor = await waits.ReadAsync(runId) };
    }

    /// <summary>The runs of a thread, newest first.</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public Task<IReadOnlyList<Run>> ListAsync(string owner, Guid threadId, RunListRequest request, CancellationToken cancellationToken) =>
        search.ListAsync(owner, threadId, request, cancellationToken);

    /// <summary>Finds runs on any thread.</summary>
    public Task<RunPage> SearchAsync(string owner, RunSearchRequest request, CancellationToken cancellationToken) =>
        search.SearchAsync(owner, request, cancellationToken);

    /// <summary>Deletes an ended run; an active one is a conflict unless <paramref name="force"/> cancels it first.</summary>
    /// <exception cref="ProtocolException">There is no such run, or it is active.</exception>
    public async Task DeleteAsync(string owner, Guid? threadId, Guid runId, bool force, CancellationToken cancellationToken)
    {
        var run = await FindAsync(owner, threadId, runId);
        if (run.WorkState is not null)
        {
            if (!force)
            {
                throw ProtocolException.Conflict($"Run {runId} is active: cancel it first, or delete it with force=1");
            }

            await CancelAsync(owner, threadId, runId, CancelAction.Interrupt, wait: true, cancellationToken);
        }

        await removal.DeleteAsync(run.Row.ThreadId, runId, cancellationToken);
    }

    /// <summary>Cancels a run; with <paramref name="wait"/>, answers when it has ended. An ended run stays as it is.</summary>
    /// <exception cref="ProtocolException">There is no such run.</exception>
    public async Task CancelAsync(
        string owner, Guid? threadId, Guid runId, CancelAction action, bool wait, CancellationToken cancellationToken)
    {
        var run = await FindAsync(owner, threadId, runId);
        if (run.WorkState is null)
        {
            return;
        }

        using var subscription = feed.Subscribe(runId, wantsPages: false);
        signals.Announce(await cancellation.CancelAsync(runId, action, "Cancelled by a caller", cancellationToken));
        if (wait)
        {
            await WaitForCancelledAsync(owner, runId, subscription, cancellationToken);
        }
    }

    /// <summary>
    /// Waits until a run has ended and reads what it led to. An erased run, also one that was erased before this was
    /// called, gives the current values of its thread.
    /// </summary>
    /// <exception cref="ProtocolException">There is no such run, and no such thread.</exception>
    public async Task<RunResult> WaitAsync(string owner, Guid? threadId, Guid runId, CancellationToken cancellationToken)
    {
        using var subscription = feed.Subscribe(runId, wantsPages: false);
        var run = await runs.ReadAsync(owner, runId);
        if ((run?.Row.ThreadId ?? threadId) is not { } onThread || (threadId is not null && onThread != threadId)
            || (run is null && await threads.ReadAsync(owner, onThread, cancellationToken) is null))
        {
            throw ProtocolException.RunNotFound(runId);
        }

        var ended = run is null ? null : await WaitForEndAsync(owner, runId, subscription, cancellationToken);
        var (state, interrupts) = await threads.ReadStateAfterRunAsync(onThread, runId, cancellationToken);
        return new RunResult(
            ended?.ToWire(), new RawJson(state.ToJson()), new RawJson(state.ToProtocolMessages()),
            ended is null ? null : RunFailure.Of(ended.Row),
            interrupts is null or "[]" ? null : new RawJson(interrupts));
    }

    /// <summary>
    /// Opens the event stream of a run; throws before the first event when the run is unknown.
    /// The caller enumerates <see cref="RunStream.ReadAsync"/> and disposes the stream, which detaches it.
    /// </summary>
    /// <exception cref="ProtocolException">There is no such run.</exception>
    public async Task<RunStream> OpenStreamAsync(
        string owner, Guid? threadId, Guid runId, RunStreamRequest request, CancellationToken cancellationToken)
    {
        var subscription = feed.Subscribe(runId, wantsPages: true);
        try
        {
            var run = await FindAsync(owner, threadId, runId);
            var from = request.LastEventId is { } last
                ? await FirstAfterAsync(run, last, cancellationToken)
                : await FirstForNewReaderAsync(run, cancellationToken);
            StreamModes? modes = request.StreamModes is { } names ? StreamModeNames.Parse(names) : null;
            return new RunEventStream(subscription, events, runId, run.Row.ThreadId, run.Row.Stateless, from, isKnownToBeNew: false, modes,
                request.LastEventId ?? -1);
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Says that a reader whose loss may cancel the run is gone without having seen the end. The run is cancelled
    /// after the grace unless somebody attaches again.
    /// </summary>
    public Task DisconnectAsync(string owner, Guid runId) =>
        removal.MarkDisconnectedAsync(owner, runId, isStopping() && options.DisconnectGrace < GraceWhenDraining ? GraceWhenDraining : options.DisconnectGrace);

    private async Task<RunView> FindAsync(string owner, Guid? threadId, Guid runId) =>
        await runs.ReadAsync(owner, runId) is { } run && (threadId is null || run.Row.ThreadId == threadId)
            ? run
            : throw ProtocolException.RunNotFound(runId);

    /// <summary>Behind the number that a reader has seen; where the log stands when nothing is behind it yet.</summary>
    private async Task<long> FirstAfterAsync(RunView run, long lastNumber, CancellationToken cancellationToken)
    {
        if (lastNumber < 0)
        {
            return 0;
        }

        // In this order: what is written in between comes behind the position.
        var position = await events.ReadPositionAsync(run.Row.RunId, cancellationToken);
        return await events.FindNumberAsync(run.Row.RunId, lastNumber + 1, cancellationToken) ?? position?.Position ?? 0;
    }

    /// <summary>A reader that never read sees a pending run from the start, a running one from now on, and of an ended one only its failure (wire-contract 6.4).</summary>
    private async Task<long> FirstForNewReaderAsync(RunView run, CancellationToken cancellationToken)
    {
        if (run.Row.EventCount is { } count)
        {
            return run.Row.ErrorType is null ? count : count - 1;
        }

        if (await events.ReadPositionAsync(run.Row.RunId, cancellationToken) is not { } position)
        {
            return 0;
        }

        // It may have failed since it was read, and its failure is the one thing that a late reader is told.
        return position.HasEnded ? Math.Max(position.Position - 1, 0) : position.Position;
    }

    /// <summary>
    /// An executor that lives obeys, or abandons its agent, within the grace. One that does not is not waited for: the
    /// run is taken from it and ended (wire-contract 5.5).
    /// </summary>
    private async Task WaitForCancelledAsync(
        string owner, Guid runId, RunSubscription subscription, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.CancelGrace + TimeSpan.FromMilliseconds(500));
        try
        {
            await WaitForEndAsync(owner, runId, subscription, limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Its executor has not answered in time.
            signals.Announce(await cancellation.EndByForceAsync(runId, cancellationToken));
        }
    }

    /// <summary>The run when it has ended; null when it was erased.</summary>
    private async Task<RunView?> WaitForEndAsync(
        string owner, Guid runId, RunSubscription subscription, CancellationToken cancellationToken)
    {
        while (true)
        {
            var run = await runs.ReadAsync(owner, runId);
            if (run is null or { WorkState: null })
            {
                return run;
            }

            await subscription.NextAsync(cancellationToken);
        }
    }
}
