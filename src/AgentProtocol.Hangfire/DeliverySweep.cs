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
    private const int MostAtOnce = 200;

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
        var runs = await ready.FindAsync(since, cancellationToken);
        if (runs.Count == 0)
        {
            return 0;
        }

        // Which job is whose cannot be asked, but a run without one shows as soon as there are fewer jobs than runs. A job
        // that waits where there is a backlog waits no longer than one that was delivered again would.
        var missing = (int)Math.Clamp(runs.Count - storage.CountEnqueued(), 0, MostAtOnce);
        foreach (var runId in runs.Take(missing))
        {
            cancellationToken.ThrowIfCancellationRequested();
            deliveries.Enqueue(runId);
        }

        if (missing > 0)
        {
            HangfireLog.Redelivered(logger, missing);
        }

        return missing;
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
