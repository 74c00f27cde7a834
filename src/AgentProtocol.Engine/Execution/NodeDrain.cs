using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// A shutdown that loses nothing: no new executions, each run to its next checkpoint, then handed back for another node
/// or for this one after its restart.
/// </summary>
internal sealed class NodeDrain(NodeSlots slots, RunningRuns running, IOptions<RunsOptions> options, TimeProvider time, ILogger<NodeDrain> logger)
    : IHostedLifecycleService
{
    /// <summary>After its grace an agent is abandoned, and its run is still to be handed back.</summary>
    private static readonly TimeSpan TimeToHandBack = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(10);

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        slots.Close();
        if (running.Count > 0)
        {
            EngineLog.Draining(logger, running.Count);
        }

        running.Drain();
        await WaitForAllAsync(options.Value.DrainTimeout, cancellationToken);
        foreach (var run in running.All)
        {
            run.Stop(StopCause.Draining, "The server shuts down");
        }

        await WaitForAllAsync(options.Value.CancelGrace + TimeToHandBack, cancellationToken);
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Waits until nothing executes, also for what was claimed while we began to drain.</summary>
    private async Task WaitForAllAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(atMost, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (running.Count > 0 || slots.InUse > 0)
            {
                await Task.WhenAll(running.All.Select(run => run.Completion)).WaitAsync(ending.Token);
                await Task.Delay(LookAgain, time, ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Time is up; what still runs is stopped harder, or left to others.
        }
    }
}
