using AgentProtocol.Engine;
using Hangfire;
using Hangfire.Logging;
using Hangfire.Server;
using Hangfire.States;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Hangfire;

/// <summary>Hangfire's workers on a node that executes runs.</summary>
internal sealed class HangfireServer(
    HangfireStorage storage,
    IServiceProvider services,
    ILoggerFactory loggers,
    IOptions<HangfireOptions> options,
    IOptions<RunsOptions> runs,
    IOptions<ServerOptions> server) : IHostedLifecycleService, IDisposable
{
    /// <summary>With hand-off a worker is busy for the moment of a claim.</summary>
    private const int HandOffWorkers = 20;

    /// <summary>What a job does behind the end of its run.</summary>
    private static readonly TimeSpan TimeToReport = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Behind a failure. Of its own accord Hangfire waits the square of all failures of all workers in seconds, up to five
    /// minutes: behind an outage nearly all of them would stand still.
    /// </summary>
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);

    private BackgroundProcessingServer? workers;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogProvider.SetCurrentLogProvider(new HangfireLogProvider(loggers));
        if (server.Value.ExecutesRuns)
        {
            workers = StartWorkers();
        }

        return Task.CompletedTask;
    }

    /// <summary>Before the node drains: a worker that fetched a job then would have to give it back.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        workers?.SendStop();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (workers is null)
        {
            return;
        }

        try
        {
            await workers.WaitForShutdownAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Whatever still executes is fenced, and recovered by others.
            HangfireLog.WorkersLeft(loggers.CreateLogger<HangfireServer>());
        }
    }

    public void Dispose() => workers?.Dispose();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Only workers: nothing is ever scheduled, for delays belong to the run.</summary>
    private BackgroundProcessingServer StartWorkers()
    {
        string[] queues = [HangfireStorage.Queue];
        var count = options.Value.HandsOff(runs.Value) ? Math.Min(HandOffWorkers, runs.Value.MaxConcurrent) : runs.Value.MaxConcurrent;
        var drain = runs.Value.DrainTimeout + runs.Value.CancelGrace + TimeToReport;
        var worker = new Worker(
            queues,
            new BackgroundJobPerformer(Deliveries.Filters, new Provided(services), TaskScheduler.Default),
            new BackgroundJobStateChanger(Deliveries.Filters));
        return new BackgroundProcessingServer(
            storage.Jobs,
            [worker.UseBackgroundPool(count)],
            // The dashboard shows these.
            new Dictionary<string, object> { ["Queues"] = queues, ["WorkerCount"] = count },
            new BackgroundProcessingServerOptions
            {
                ServerName = server.Value.Name,
                RetryDelay = _ => RetryPause,
                RestartDelay = RetryPause,
                // Jobs end because the node drains; these are only for one that hangs.
                StopTimeout = drain,
                ShutdownTimeout = drain + TimeToReport,
            });
    }

    private sealed class Provided(IServiceProvider services) : JobActivator
    {
        public override object ActivateJob(Type jobType) => services.GetRequiredService(jobType);
    }
}
