using AgentProtocol.Engine;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.Queue;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Hangfire;

/// <summary>
/// The one kind of job. Its names and its parameter are in the database: another name would strand the jobs that wait.
/// It knows neither Hangfire's token nor its retries; cancellation, deadlines and shutdown reach the run by its own row.
/// </summary>
internal sealed class RunDelivery(
    NodeSlots slots,
    DeliveryRoom room,
    RunClaims claims,
    AgentClaims agentClaims,
    RunStarter starter,
    IRunQueue queue,
    IOptions<HangfireOptions> options,
    IOptions<RunsOptions> runs,
    ILogger<RunDelivery> logger)
{
    /// <summary>Claims the run and executes it; returns when it has ended, or at once when there is nothing to claim. Never throws.</summary>
    public async Task ExecuteAsync(Guid runId)
    {
        try
        {
            if (await TryStartAsync(runId) is { } run && !options.Value.HandsOff(runs.Value))
            {
                room.Leave();
                // A run that waits for its children needs no worker, but they do.
                await Task.WhenAny(run.Completion, run.SlotLent);
                room.Return();
            }
        }
        catch (Exception exception)
        {
            // Hangfire would keep it and show it. The run is where it was, and the sweep delivers it again.
            HangfireLog.DeliveryFailed(logger, runId, exception);
        }
    }

    /// <returns>Null when another delivery was faster, when the run is over, or when this process takes no more runs.</returns>
    private async Task<RunningRun?> TryStartAsync(Guid runId)
    {
        if (await slots.ReserveAsync() is not { } node)
        {
            queue.Signal([runId]);
            return null;
        }

        ClaimedRun? claim = null;
        try
        {
            claim = await claims.ClaimOneAsync(node, runId, CancellationToken.None)
                ?? await agentClaims.ClaimOneAsync(node, runId, CancellationToken.None);
        }
        finally
        {
            if (claim is null)
            {
                slots.Release(node);
            }
        }

        return claim is null ? null : starter.Start(claim);
    }
}
