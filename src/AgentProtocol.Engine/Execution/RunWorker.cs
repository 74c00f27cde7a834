using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// What consumes the queue that is nothing but the table: starts executions on this node, of runs that were born claimed by
/// it and of those that its loop claims.
/// </summary>
internal sealed class RunWorker(
    NodeSlots slots,
    RunClaims claims,
    AgentClaims agentClaims,
    PostgresRunQueue queue,
    IRunQueue chosen,
    RunStarter starter,
    TimeProvider time,
    ILogger<RunWorker> logger) : BackgroundService
{
    /// <summary>How long a run whose hint was lost waits for the loop to look again.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(500);

    private const int MaxClaims = 200;

    private bool limitedAgentsFirst;

    /// <summary>Another queue has consumers of its own.</summary>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => chosen != queue
        ? Task.CompletedTask
        : Task.WhenAll(StartHandedOverAsync(stoppingToken), ClaimAsync(stoppingToken));

    private async Task StartHandedOverAsync(CancellationToken stoppingToken)
    {
        await foreach (var claim in slots.HandedOver.ReadAllAsync(stoppingToken))
        {
            starter.Start(claim);
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
                starter.Start(run);
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
                starter.Start(run);
            }
        }
    }
}
