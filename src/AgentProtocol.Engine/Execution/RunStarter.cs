using AgentProtocol.Engine.Queue;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Execution;

/// <summary>Starts the executions of claimed runs, whatever has delivered these, and gives back what they took when they are over.</summary>
internal sealed class RunStarter(
    NodeSlots slots,
    RunLimits limits,
    IRunQueue queue,
    RunningRuns running,
    RunExecutor executor,
    IOptions<RunsOptions> options,
    TimeProvider time)
{
    /// <summary>Starts an execution. Its slot is taken already, and released with its end.</summary>
    public RunningRun Start(ClaimedRun claim)
    {
        var run = new RunningRun(claim, options.Value.CancelGrace, time, options.Value.SteerGrace);
        running.Add(run);
        _ = ExecuteAsync(run);
        return run;
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
                queue.Signal([]);
            }
        }
    }
}
