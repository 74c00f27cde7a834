using AgentProtocol.Engine.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Hangfire;

/// <summary>
/// Delivers ready runs again whose job got lost, and those that nobody has signalled. The rows of the runs are the truth:
/// losing all of Hangfire's tables costs some seconds.
/// </summary>
internal sealed class DeliverySweep(
    HangfireRunQueue queue, HangfireStorage storage, Deliveries deliveries, ReadyRuns ready, TimeProvider time, ILogger<DeliverySweep> logger)
    : BackgroundService
{
    /// <summary>Then it counts again, for others deliver too.</summary>
    private const int Batch = 200;

    /// <summary>A signal on its way looks like a lost one.</summary>
    private static readonly TimeSpan SignalTime = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var wasWoken = await WaitAsync(stoppingToken);
                await SweepAsync(wasWoken ? TimeSpan.Zero : SignalTime, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                HangfireLog.SweepFailed(logger, exception);
            }

            await Task.Delay(ShortestInterval, time, stoppingToken);
        }
    }

    /// <summary>Delivers what is ready and not delivered.</summary>
    /// <param name="since">How long a run must have been ready.</param>
    /// <param name="cancellationToken">Ends the sweep between two deliveries.</param>
    /// <returns>How many runs were delivered.</returns>
    public async Task<int> SweepAsync(TimeSpan since, CancellationToken cancellationToken)
    {
        HashSet<Guid> delivered = [];
        bool isFull;
        do
        {
            var missing = await FindMissingAsync(since, delivered, cancellationToken);
            foreach (var runId in missing)
            {
                cancellationToken.ThrowIfCancellationRequested();
                deliveries.Enqueue(runId);
                delivered.Add(runId);
            }

            isFull = missing.Count == Batch;
        }
        while (isFull);

        if (delivered.Count > 0)
        {
            HangfireLog.Redelivered(logger, delivered.Count);
        }

        return delivered.Count;
    }

    /// <summary>
    /// Which job is whose cannot be asked, but that a run has none shows as soon as there are fewer jobs than runs, and in the
    /// end it is the oldest. A run that is delivered again in its place has lost nothing.
    /// </summary>
    private async Task<IReadOnlyList<Guid>> FindMissingAsync(TimeSpan since, IReadOnlyCollection<Guid> delivered, CancellationToken cancellationToken)
    {
        var runs = await ready.FindAsync(since, delivered, Batch, cancellationToken);
        // Signals that this node has not come to yet are jobs soon.
        var missing = runs.Count == 0 ? 0 : runs.Count - storage.CountEnqueued() - queue.Signals.Count;
        return [.. runs.First.Take((int)Math.Clamp(missing, 0, Batch))];
    }

    /// <returns>Whether somebody has asked for the look, so that what is ready since just now counts too.</returns>
    private async Task<bool> WaitAsync(CancellationToken stoppingToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        // Jittered, so that many nodes do not sweep in step.
        using var timer = time.CreateTimer(
            static limit => ((CancellationTokenSource)limit!).Cancel(), limit, Interval * (0.8 + (0.4 * Random.Shared.NextDouble())), Timeout.InfiniteTimeSpan);
        try
        {
            return await queue.Looks.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
