using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Engine.Crons;

/// <summary>
/// Starts the runs of crons that are due, one per cron and due moment whatever process dies: the ids of the run are written
/// down first, the run is created under them, then the cron is set to its next moment. Whoever finds a firing that was not
/// finished repeats it with the same ids.
/// </summary>
internal sealed class CronLoop(CronStore store, RunFactory runs, TimeProvider time, ILogger<CronLoop> logger) : BackgroundService
{
    private const int Batch = 50;

    /// <summary>After this another node repeats a firing.</summary>
    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RunOnceAsync(stoppingToken) == Batch)
                {
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                EngineLog.LoopFailed(logger, nameof(CronLoop), exception);
            }

            // Jittered, so that many nodes do not look in step.
            await Task.Delay(Interval * (0.8 + (0.4 * Random.Shared.NextDouble())), time, stoppingToken);
        }
    }

    /// <summary>Fires what is due.</summary>
    /// <returns>How many crons were taken.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        var due = await store.TakeDueAsync(Batch, Lease, cancellationToken);
        await Task.WhenAll(due.Select(firing => FireAsync(firing, since, cancellationToken)));
        return due.Count;
    }

    private async Task FireAsync(CronFiringRow firing, long since, CancellationToken cancellationToken)
    {
        var cron = firing.Cron;
        try
        {
            // A process that stood still for long may find its run fired, ended and deleted, and must not create it again.
            if (time.GetElapsedTime(since) > Lease / 2)
            {
                return;
            }

            if (cron.EndTime is not { } end || firing.Now <= end)
            {
                await StartRunAsync(cron, cancellationToken);
            }

            // From now and not from the moment that was due: what was missed meanwhile is made up for by one run.
            var next = CronSchedule.Parse(cron.Schedule, cron.Timezone).Next(firing.Now, cron.EndTime);
            await store.CompleteAsync(cron.CronId, cron.FiringRun!.Value, next, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The others of the batch go on, and this one is repeated after its lease.
            EngineLog.CronFailed(logger, cron.CronId, exception);
        }
    }

    private async Task StartRunAsync(CronRow cron, CancellationToken cancellationToken)
    {
        var body = CronPayload.ForRun(cron.Payload, cron.Metadata, cron.CronId);
        var request = CronPayload.ReadRun(body);
        var threadId = cron.ThreadId ?? cron.FiringThread!.Value;
        if (cron is { ThreadId: null, OnRunCompleted: "keep" })
        {
            request = request with { IfNotExists = "create" };
        }

        var isStateless = cron is { ThreadId: null, OnRunCompleted: "delete" };
        var run = new NewRun(isStateless ? null : threadId, request, new RawJson(body), RunReader.None)
        {
            Reserved = new ReservedIds(cron.FiringRun!.Value, threadId),
        };
        try
        {
            await runs.CreateAsync(cron.Owner, run, cancellationToken);
            EngineLog.CronFired(logger, cron.CronId, run.Reserved.RunId);
        }
        catch (ProtocolException refusal)
        {
            // The agent is gone, or the thread busy under "reject": this time nothing runs, and the next time is the next.
            EngineLog.CronRefused(logger, cron.CronId, refusal.Message);
        }
    }
}
