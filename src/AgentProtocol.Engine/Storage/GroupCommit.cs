using System.Collections.Concurrent;

namespace AgentProtocol.Engine.Storage;

/// <summary>
/// Lets concurrent callers share one multi-row statement and one commit. The first caller's item goes at once; what
/// arrives while a statement is under way goes with the next one, so batches grow with the load and latency does not.
/// </summary>
/// <typeparam name="TItem">One caller's row.</typeparam>
/// <typeparam name="TResult">Its answer.</typeparam>
internal sealed class GroupCommit<TItem, TResult>(int maxBatch, Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> execute)
{
    private readonly ConcurrentQueue<Entry> queue = new();
    private int draining;

    /// <summary>Adds an item to the next statement.</summary>
    /// <returns>What the statement said about the item, once it is committed.</returns>
    public Task<TResult> SubmitAsync(TItem item)
    {
        var entry = new Entry(item);
        queue.Enqueue(entry);
        StartDraining();
        return entry.Completion.Task;
    }

    private void StartDraining()
    {
        if (Interlocked.CompareExchange(ref draining, 1, 0) == 0)
        {
            _ = DrainAsync();
        }
    }

    private async Task DrainAsync()
    {
        List<Entry> batch = [];
        while (true)
        {
            while (batch.Count < maxBatch && queue.TryDequeue(out var entry))
            {
                batch.Add(entry);
            }

            if (batch.Count > 0)
            {
                await ExecuteAsync(batch);
                batch.Clear();
                continue;
            }

            // A full fence: were the look at the queue to pass this write, an item could be added between the two, find
            // a drain under way, and wait for the next caller.
            Interlocked.Exchange(ref draining, 0);
            if (queue.IsEmpty || Interlocked.CompareExchange(ref draining, 1, 0) != 0)
            {
                return;
            }
        }
    }

    private async Task ExecuteAsync(List<Entry> batch)
    {
        try
        {
            var results = await execute([.. batch.Select(entry => entry.Item)]);
            for (var i = 0; i < batch.Count; i++)
            {
                batch[i].Completion.SetResult(results[i]);
            }
        }
        catch (Exception exception) when (batch.Count > 1 && !TransientFailure.IsAway(exception))
        {
            // The statement was refused for the sake of one row, or of a deadlock: nothing of it was kept, so each row
            // gets its own statement and the innocent ones go through.
            foreach (var entry in batch)
            {
                await ExecuteAsync([entry]);
            }
        }
        catch (Exception exception)
        {
            // Whoever submitted an item decides what its failure means.
            foreach (var entry in batch)
            {
                entry.Completion.TrySetException(exception);
            }
        }
    }

    private sealed class Entry(TItem item)
    {
        public TItem Item { get; } = item;

        public TaskCompletionSource<TResult> Completion { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
