using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Removes what has been kept long enough. Each step is a short transaction over a bounded batch that skips what others
/// hold, so that any number of nodes may sweep at once.
/// </summary>
internal sealed class RetentionSweeper(
    ProtocolDatabase database, RunFeed feed, IOptions<RunsOptions> runs, IOptions<EventsOptions> events, TimeProvider time,
    ILogger<RetentionSweeper> logger) : BackgroundService
{
    private const int Batch = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan EventInterval = TimeSpan.FromHours(1);

    private long? eventsSwept;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            // Jittered, so that many nodes do not sweep in step.
            await Task.Delay(Interval * (0.8 + (0.4 * Random.Shared.NextDouble())), time, stoppingToken);
            try
            {
                while (await RunOnceAsync(stoppingToken))
                {
                }

                if (eventsSwept is not { } swept || time.GetElapsedTime(swept) > EventInterval)
                {
                    eventsSwept = time.GetTimestamp();
                    await DropEventsAsync(stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                EngineLog.LoopFailed(logger, nameof(RetentionSweeper), exception);
            }
        }
    }

    /// <summary>Sweeps once.</summary>
    /// <returns>Whether a batch was full, so that more is probably left.</returns>
    public async Task<bool> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        var keys = await KeyReservations.DeleteExpiredAsync(connection, runs.Value.IdempotencyRetention, Batch, cancellationToken);
        var (threads, deletedRuns) = await ThreadRemoval.DeleteOutlivedAsync(connection, Batch, cancellationToken);
        foreach (var runId in deletedRuns)
        {
            feed.Wake(runId);
        }

        return keys == Batch || threads == Batch;
    }

    private async Task DropEventsAsync(CancellationToken cancellationToken)
    {
        foreach (var day in await EventRetention.DropExpiredAsync(database.ConnectionString, events.Value.Retention, cancellationToken))
        {
            EngineLog.EventsDropped(logger, day);
        }
    }
}
