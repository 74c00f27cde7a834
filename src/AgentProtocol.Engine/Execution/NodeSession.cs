using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// This process as a node: one connection that holds its lock, beats every second, hears hints, and watches the others.
/// A node that cannot prove for 10 s that it lives stops its runs, because others may have taken them.
/// </summary>
internal sealed class NodeSession(
    ProtocolDatabase database,
    NodeSlots slots,
    RunningRuns running,
    NodeReaper reaper,
    PeerWatch watch,
    HintListener listener,
    Hints hints,
    IRunQueue queue,
    IOptions<ServerOptions> server,
    IOptions<RunsOptions> options,
    TimeProvider time,
    ILogger<NodeSession> logger) : BackgroundService
{
    private const int BeatsPerReconciliation = 5;

    /// <summary>A session that does not answer for this long is given up for a new one.</summary>
    private const int SessionTimeoutSeconds = 5;

    private static readonly TimeSpan BeatInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan UnconfirmedLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReconnectPause = TimeSpan.FromMilliseconds(250);

    private readonly TaskCompletionSource joined = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private HashSet<(Guid RunId, int Fence)> unheard = [];
    private Guid node;
    private long confirmed;

    /// <summary>Completed once this process has joined for the first time.</summary>
    public Task Joined => joined.Task;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(HoldSessionsAsync(stoppingToken), WatchOwnBeatAsync(stoppingToken));

    private async Task HoldSessionsAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await HoldSessionAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever is wrong with the database, a server that waits for it is better than one that is gone.
                EngineLog.NodeSessionLost(logger, node, exception);
            }

            watch.Forget();
            await Task.Delay(ReconnectPause, time, stoppingToken);
        }
    }

    /// <summary>Looks from outside of the session, which may hang on a connection that leads nowhere.</summary>
    private async Task WatchOwnBeatAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(BeatInterval, time, stoppingToken);
            StopIfUnconfirmed();
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        slots.Leave();
        try
        {
            await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
            await NodeRegistry.LeaveAsync(connection, node, cancellationToken);
        }
        catch (Exception exception) when (TransientFailure.Is(exception) || exception is OperationCanceledException)
        {
            // Others will find out by themselves.
            EngineLog.NodeSessionLost(logger, node, exception);
        }
    }

    private async Task HoldSessionAsync(CancellationToken stoppingToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            Pooling = false,
            Timeout = SessionTimeoutSeconds,
            CommandTimeout = SessionTimeoutSeconds,
        };
        await using var session = new NpgsqlConnection(settings.ConnectionString);
        await session.OpenAsync(stoppingToken);
        var isLocked = slots.NodeId is null;
        if (isLocked)
        {
            await JoinAsync(session, stoppingToken);
        }

        await listener.ListenAsync(session, stoppingToken);
        for (var beats = 1; await BeatAsync(session, beats, stoppingToken) && slots.NodeId == node; beats++)
        {
            // On a new connection the old one may still hold the lock: the beats go on meanwhile.
            isLocked = isLocked || await NodeRegistry.TryLockAsync(session, node, stoppingToken);
            await HearHintsAsync(session, stoppingToken);
        }

        EngineLog.NodeDeclaredDead(logger, node);
        slots.Leave();
        running.LoseAll(node, "This node was declared dead");
    }

    private async Task JoinAsync(NpgsqlConnection session, CancellationToken stoppingToken)
    {
        var roles = server.Value.Roles;
        var capacity = server.Value.ExecutesRuns ? options.Value.MaxConcurrent : 0;
        node = Guid.CreateVersion7();
        await NodeRegistry.JoinAsync(session, node, server.Value.Name, roles, capacity, stoppingToken);
        confirmed = time.GetTimestamp();
        slots.Open(node, capacity);
        EngineLog.NodeJoined(logger, node, roles, capacity);
        joined.TrySetResult();
    }

    private async Task<bool> BeatAsync(NpgsqlConnection session, int beats, CancellationToken stoppingToken)
    {
        // From sending: an answer that took long says nothing about the time after the database wrote it.
        var sent = time.GetTimestamp();
        if (!await NodeRegistry.BeatAsync(session, node, stoppingToken))
        {
            return false;
        }

        confirmed = sent;
        foreach (var signal in await NodeRegistry.ReadSignalsAsync(session, node, stoppingToken))
        {
            running.Hear(signal);
        }

        if (beats % BeatsPerReconciliation == 0)
        {
            await ReconcileAsync(session, stoppingToken);
            await RecoverUnheardAsync(session, stoppingToken);
        }

        hints.HasPeers = await reaper.RunOnceAsync(session, node, stoppingToken) > 0;
        return true;
    }

    /// <summary>Stops executions whose run was deleted or taken away while they had nothing to write.</summary>
    private async Task ReconcileAsync(NpgsqlConnection session, CancellationToken stoppingToken)
    {
        var executions = running.All.ToDictionary(run => run.Claim.RunId);
        if (executions.Count == 0)
        {
            return;
        }

        var claims = executions.Values.Select(run => (run.Claim.RunId, run.Claim.Fence)).ToList();
        foreach (var runId in await NodeRegistry.ReadStrayedAsync(session, claims, stoppingToken))
        {
            executions[runId].Stop(StopCause.LeaseLost, "Its work was taken away");
        }
    }

    /// <summary>
    /// Puts runs back that are this node's by the table, but that it does not execute: the answer to the claim was lost.
    /// Only at the second look, for a claim whose answer is still on its way looks the same.
    /// </summary>
    private async Task RecoverUnheardAsync(NpgsqlConnection session, CancellationToken stoppingToken)
    {
        var claims = await NodeRegistry.ReadClaimsAsync(session, node, stoppingToken);
        var executed = running.All.Select(run => run.Claim.RunId).ToHashSet();
        var seenBefore = unheard;
        unheard = [.. claims.Where(claim => !executed.Contains(claim.RunId))];
        List<(Guid RunId, int Fence)> lost = [.. unheard.Where(seenBefore.Contains)];
        if (lost.Count > 0)
        {
            EngineLog.ClaimsUnheard(logger, lost.Count);
            await NodeRegistry.RequeueAsync(session, lost, stoppingToken);
            queue.Signal([.. lost.Select(claim => claim.RunId)]);
        }
    }

    private async Task HearHintsAsync(NpgsqlConnection session, CancellationToken stoppingToken)
    {
        var since = confirmed;
        for (var left = BeatInterval; left > TimeSpan.Zero; left = BeatInterval - time.GetElapsedTime(since))
        {
            // Rounded up: what is left may be less than a millisecond, and Npgsql takes 0 for no limit at all.
            await session.WaitAsync((int)Math.Ceiling(left.TotalMilliseconds), stoppingToken);
        }
    }

    private void StopIfUnconfirmed()
    {
        if (slots.NodeId is { } unconfirmed && time.GetElapsedTime(confirmed) > UnconfirmedLimit)
        {
            slots.Leave();
            running.LoseAll(unconfirmed, "This node could not reach the database");
        }
    }
}
