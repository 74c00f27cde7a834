using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Hangfire;

/// <summary>Turns signals into jobs, off the path of whoever signals.</summary>
internal sealed class DeliverySender(HangfireRunQueue queue, Deliveries deliveries, ILogger<DeliverySender> logger) : BackgroundService
{
    /// <summary>A job costs several transactions in turn; some at a time keep up with bursts.</summary>
    private const int AtOnce = 4;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, AtOnce).Select(_ => Task.Run(SendAsync, CancellationToken.None)));

    /// <summary>Sends what was signalled until now: runs that this node has handed back should start elsewhere at once.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Complete();
        await base.StopAsync(cancellationToken);
    }

    private async Task SendAsync()
    {
        await foreach (var runId in queue.Signals.ReadAllAsync())
        {
            try
            {
                deliveries.Enqueue(runId);
            }
            catch (Exception exception)
            {
                // The sweep finds the run.
                HangfireLog.SignalLost(logger, runId, exception);
            }
        }
    }
}
