using AgentProtocol.Engine;
using Hangfire;
using Hangfire.Logging;
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

    /// <summary>Nothing is ever scheduled: delays belong to the run.</summary>
    private static readonly TimeSpan SchedulePolling = TimeSpan.FromMinutes(10);

    /// <summary>What a job does behind the end of its run.</summary>
    private static readonly TimeSpan TimeToReport = TimeSpan.FromSeconds(2);

    private BackgroundJobServer? workers;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        LogProvider.SetCurrentLogProvider(new HangfireLogProvider(loggers));
        if (server.Value.ExecutesRuns)
        {
            var drain = runs.Value.DrainTimeout + runs.Value.CancelGrace + TimeToReport;
            workers = new BackgroundJobServer(
                new BackgroundJobServerOptions
                {
                    ServerName = server.Value.Name,
                    Queues = [HangfireStorage.Queue],
                    WorkerCount = options.Value.HandsOff(runs.Value) ? Math.Min(HandOffWorkers, runs.Value.MaxConcurrent) : runs.Value.MaxConcurrent,
                    Activator = new Provided(services),
                    FilterProvider = Deliveries.Filters,
                    SchedulePollingInterval = SchedulePolling,
                    // Jobs end because the node drains; these are only for one that hangs.
                    StopTimeout = drain,
                    ShutdownTimeout = drain + TimeToReport,
                },
                storage.Jobs);
        }

        return Task.CompletedTask;
    }

    /// <summary>Before the node drains: a worker that fetched a job then would have to give it back.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        workers?.SendStop();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => workers?.WaitForShutdownAsync(cancellationToken) ?? Task.CompletedTask;

    public void Dispose() => workers?.Dispose();

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private sealed class Provided(IServiceProvider services) : JobActivator
    {
        public override object ActivateJob(Type jobType) => services.GetRequiredService(jobType);
    }
}
