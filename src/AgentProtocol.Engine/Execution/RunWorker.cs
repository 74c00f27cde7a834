using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Execution;

/// <summary>Starts executions on this node: of runs that were born claimed by it, and of those that its loop claims.</summary>
internal sealed class RunWorker(
    NodeSlots slots,
    RunClaims claims,
    AgentClaims agentClaims,
    RunLimits limits,
    PostgresRunQueue queue,
    RunningRuns running,
    RunExecutor executor,
    IOptions<RunsOptions> options,
    TimeProvider time,
    ILogger<RunWorker> logger) : BackgroundService
{
    /// <summary>How long a run whose hint was lost waits for the loop to look again.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private const int MaxClaims = 200;

    private bool limitedAgentsFirst;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(StartHandedOverAsync(stoppingToken), ClaimAsync(stoppingToken));

    private async Task StartHandedOverAsync(CancellationToken stoppingToken)
    {
        await foreach (var claim in slots.HandedOver.ReadAllAsync(stoppingToken))
        {
            Start(claim);
        }
    }

    private async Task ClaimAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await ClaimOnceAsync(stoppingToken) > 0)
                {
                }

                await queue.WaitAsync(PollInterval, stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // A worker that stopped claiming while its node lives would look healthy and do nothing.
                EngineLog.LoopFailed(logger, nameof(RunWorker), exception);
                await Task.Delay(PollInterval, time, stoppingToken);
            }
        }
    }

    private async Task<int> ClaimOnceAsync(CancellationToken cancellationToken)
    {
        var (node, room) = slots.Reserve(MaxClaims);
        if (room == 0)
        {
            return 0;
        }

        var claimed = 0;
        try
        {
            // In turn, so that on a full node neither kind of runs waits for the other to have none left.
            limitedAgentsFirst = !limitedAgentsFirst;
            if (limitedAgentsFirst)
            {
                await ClaimLimitedAsync();
            }

            foreach (var run in claimed < room ? await claims.ClaimAsync(node, room - claimed, cancellationToken) : [])
            {
                claimed++;
                Start(run);
            }

            if (!limitedAgentsFirst)
            {
                await ClaimLimitedAsync();
            }
        }
        finally
        {
            slots.Release(node, room - claimed);
        }

        return claimed;

        async Task ClaimLimitedAsync()
        {
            await foreach (var run in agentClaims.ClaimAsync(node, room - claimed, cancellationToken))
            {
                claimed++;
                Start(run);
            }
        }
    }

    private void Start(ClaimedRun claim)
    {
        var run = new RunningRun(claim, options.Value.CancelGrace, time, options.Value.SteerGrace);
        running.Add(run);
        _ = ExecuteAsync(run);
    }

    private async Task ExecuteAsync(RunningRun run)
    {
        // Leaves the loop that started it.
        await Task.Yield();
        try
        {
            await executor.ExecuteAsync(run);
        }
        finally
        {
            running.Remove(run);
            run.Complete();
            run.Dispose();
            slots.Release(run.Claim.Node);
            if (run.Claim.Order is { } order && limits.MostAtOnce(order.Agent) is not null)
            {
                queue.WakeAll(run.Claim.RunId);
            }

            if (slots.Free == 1)
            {
                // The node was full, and a ready run may wait for just this slot.
                queue.Wake();
            }
        }
    }
}
