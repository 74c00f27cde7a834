using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Execution;

/// <summary>Does what time brings about: delays end, deadlines pass, readers stay away, old threads and expired store items go.</summary>
internal sealed class RunSweeper(
    ProtocolDatabase database,
    RunCancellation cancellation,
    QueueTimeouts timeouts,
    SettlementSignals signals,
    IRunQueue queue,
    RunFeed feed,
    NodeSlots slots,
    IOptions<RunsOptions> options,
    TimeProvider time,
    ILogger<RunSweeper> logger) : BackgroundService
{
    private const int RetentionBatch = 200;
    private const int ExpiryBatch = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PartitionInterval = TimeSpan.FromHours(1);

    private readonly long started = time.GetTimestamp();
    private bool isFirstGrace = true;
    private long partitionsMade;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                EngineLog.LoopFailed(logger, nameof(RunSweeper), exception);
            }

            // Jittered, so that many nodes do not sweep in step.
            await Task.Delay(Interval * (0.8 + (0.4 * Random.Shared.NextDouble())), time, stoppingToken);
        }
    }

    /// <summary>Sweeps once.</summary>
    public async Task<SweepResult> RunOnceAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await RunMaintenance.KeepAttachedAsync(connection, feed.Followed, cancellationToken);
        var result = new SweepResult(
            Due: await RunMaintenance.WakeDueAsync(connection, cancellationToken),
            Settled: await RunMaintenance.ExpireAsync(connection, cancellationToken) + await CancelDisconnectedAsync(cancellationToken)
                + await CancelLeftChildrenAsync(connection, cancellationToken),
            Late: await EndLateAsync(cancellationToken),
            Promoted: await RunMaintenance.PromoteStrandedAsync(connection, cancellationToken),
            Recovered: await RunMaintenance.RecoverOrphansAsync(connection, cancellationToken),
            Deleted: await ThreadRemoval.DeleteExpiredAsync(connection, options.Value.StatelessRetention, RetentionBatch, cancellationToken),
            Expired: await StoreItems.DeleteExpiredAsync(connection, ExpiryBatch, cancellationToken));
        if (result.Due + result.Promoted + result.Recovered > 0)
        {
            queue.Wake();
        }

        if (result.Settled > 0)
        {
            signals.Look();
        }

        if (result.IsWorthALine)
        {
            EngineLog.Swept(logger, result.Due, result.Settled, result.Late, result.Promoted, result.Recovered, result.Deleted);
        }

        if (partitionsMade == 0 || time.GetElapsedTime(partitionsMade) > PartitionInterval)
        {
            await EventPartitions.EnsureAsync(connection, time.GetUtcNow(), cancellationToken);
            partitionsMade = time.GetTimestamp();
        }

        return result;
    }

    private async Task<int> EndLateAsync(CancellationToken cancellationToken)
    {
        var late = await timeouts.FindAsync(cancellationToken);
        foreach (var (runId, threadId) in late)
        {
            signals.Announce(await timeouts.EndAsync(runId, threadId, cancellationToken));
        }

        return late.Count;
    }

    /// <summary>The guarantee behind what an executor does when its run ends: it may die in between, and some runs end without one.</summary>
    private async Task<int> CancelLeftChildrenAsync(Npgsql.NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var left = await RunMaintenance.FindLeftChildrenAsync(connection, cancellationToken);
        foreach (var runId in left)
        {
            signals.Announce(await cancellation.CancelAsync(runId, CancelAction.Interrupt, ChildRuns.ParentEnded, cancellationToken));
        }

        return left.Count;
    }

    private async Task<int> CancelDisconnectedAsync(CancellationToken cancellationToken)
    {
        // What a shutdown has cut off is handed back, and cancelled by nobody but its callers.
        if (!slots.IsOpen)
        {
            return 0;
        }

        // Clients that this server's restart has cut off get their grace from when they could have come back.
        if (time.GetElapsedTime(started) < options.Value.DisconnectGrace && isFirstGrace)
        {
            return 0;
        }

        isFirstGrace = false;
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        var disconnected = await RunMaintenance.TakeDisconnectedAsync(connection, cancellationToken);
        foreach (var runId in disconnected)
        {
            signals.Announce(await cancellation.CancelAsync(runId, CancelAction.Interrupt, "Its client disconnected", cancellationToken));
        }

        return disconnected.Count;
    }
}

/// <summary>What a sweep did, in rows.</summary>
/// <param name="Due">Delayed runs that can be claimed now.</param>
/// <param name="Settled">Runs told to stop.</param>
/// <param name="Late">Runs that nobody has started in time.</param>
/// <param name="Promoted">Waiting runs that got a slot nobody had passed on.</param>
/// <param name="Recovered">Runs of nodes that do not exist.</param>
/// <param name="Deleted">Threads of stateless runs past their retention.</param>
/// <param name="Expired">Store items whose time to live was over.</param>
internal readonly record struct SweepResult(int Due, int Settled, int Late, int Promoted, int Recovered, int Deleted, int Expired)
{
    /// <summary>Whether something happened that an operator may ask about: delays and retention are everyday matters.</summary>
    public bool IsWorthALine => Settled + Late + Promoted + Recovered > 0;
}
