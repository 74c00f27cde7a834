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
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        slots.Close();
        var runs = running.All;
        if (runs.Count == 0)
        {
            return;
        }

        EngineLog.Draining(logger, runs.Count);
        foreach (var run in runs)
        {
            run.Drain();
        }

        var completions = Task.WhenAll(runs.Select(run => run.Completion));
        if (await Task.WhenAny(completions, Task.Delay(options.Value.DrainTimeout, time, cancellationToken)) != completions)
        {
            foreach (var run in running.All)
            {
                run.Stop(StopCause.Draining, "The server shuts down");
            }

            await Task.WhenAny(completions, Task.Delay(options.Value.CancelGrace, time, cancellationToken));
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
