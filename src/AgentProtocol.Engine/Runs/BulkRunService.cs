using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Engine.Runs;

/// <summary>Many runs at once (wire-contract 4.3).</summary>
public sealed class BulkRunService
{
    /// <summary>Enough that runs share statements; on busy threads each takes a connection.</summary>
    private const int Concurrency = 32;

    private readonly RunFactory factory;
    private readonly RunSelection selection;
    private readonly RunCancellation cancellation;
    private readonly SettlementSignals signals;

    internal BulkRunService(RunFactory factory, RunSelection selection, RunCancellation cancellation, SettlementSignals signals) =>
        (this.factory, this.selection, this.cancellation, this.signals) = (factory, selection, cancellation, signals);

    /// <summary>
    /// Creates runs in the background, in the order of the list where they share a thread. All are checked before the
    /// first is stored; what others change on the threads in between can still refuse a run after earlier ones were stored.
    /// </summary>
    /// <returns>The runs in the order of the list.</returns>
    /// <exception cref="ProtocolException">One of them is refused; the message begins with its place in the list.</exception>
    public async Task<IReadOnlyList<Run>> CreateAsync(string owner, IReadOnlyList<NewRun> runs, CancellationToken cancellationToken)
    {
        await CheckAsync(owner, runs, cancellationToken);
        var created = new Run[runs.Count];
        var threads = Enumerable.Range(0, runs.Count).GroupBy(place => runs[place].ThreadId is { } threadId ? (threadId, -1) : (Guid.Empty, place));
        var options = new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(threads, options, async (places, token) =>
        {
            foreach (var place in places)
            {
                created[place] = (await AtPlaceAsync(place, () => factory.CreateAsync(owner, runs[place], token))).Run;
            }
        });
        return created;
    }

    /// <summary>Cancels runs; those that have ended stay as they are.</summary>
    /// <exception cref="ProtocolException">Nothing matches.</exception>
    public async Task CancelAsync(string owner, RunsCancel request, CancelAction action, CancellationToken cancellationToken)
    {
        var matches = 0;
        await foreach (var (runId, isActive) in selection.ReadAsync(owner, request, cancellationToken))
        {
            matches++;
            if (isActive)
            {
                signals.Announce(await cancellation.CancelAsync(runId, action, "Cancelled by a caller", cancellationToken));
            }
        }

        if (matches == 0)
        {
            throw new ProtocolException(ErrorCode.NotFound, "No run matches");
        }
    }

    private async Task CheckAsync(string owner, IReadOnlyList<NewRun> runs, CancellationToken cancellationToken)
    {
        HashSet<Guid> named = [.. runs.Select(run => run.ThreadId).OfType<Guid>()];
        var busy = named.Count == 0 ? [] : await selection.ReadThreadsAsync(owner, [.. named], cancellationToken);
        for (var place = 0; place < runs.Count; place++)
        {
            var run = runs[place];
            await AtPlaceAsync(place, () => factory.CheckAsync(owner, run, cancellationToken));
            if (run.ThreadId is not { } threadId)
            {
                continue;
            }

            if (!busy.TryGetValue(threadId, out var isBusy) && run.Request.IfNotExists != "create")
            {
                throw ProtocolException.ThreadNotFound(threadId).At(place);
            }

            // With a key the thread may be busy with this very run, stored by an earlier try.
            if (isBusy && run.Key is null && run.Request.MultitaskStrategy == MultitaskStrategy.Reject)
            {
                throw RunFactory.Busy(threadId).At(place);
            }

            // The thread will be busy with this run, and there to the next.
            busy[threadId] = true;
        }
    }

    private static async Task<T> AtPlaceAsync<T>(int place, Func<Task<T>> act)
    {
        try
        {
            return await act();
        }
        catch (ProtocolException refusal)
        {
            // Whoever refused knew of one run only.
            throw refusal.At(place);
        }
    }
}
