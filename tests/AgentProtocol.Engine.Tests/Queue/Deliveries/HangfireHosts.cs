using AgentProtocol.Engine.Tests.Queue.Conformance;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Hangfire;
using Microsoft.Extensions.Hosting;

namespace AgentProtocol.Engine.Tests.Queue.Deliveries;

/// <summary>Nodes with Hangfire, and their parts.</summary>
public abstract class HangfireHosts : QueueHosts
{
    protected override (string, string)[] Settings =>
        [("Runs:Queue", "Hangfire"), ("Hangfire:Mode", "InWorker"), ("Runs:MaxConcurrent", "10"), ("Hangfire:PollInterval", "00:00:00.1")];

    /// <summary>A node that sweeps only when the test says so: what is delivered then has been delivered by something else.</summary>
    private protected static async Task<DeliverySweep> StopSweepingAsync(EngineHost host)
    {
        var sweep = Part<DeliverySweep>(host);
        await sweep.StopAsync(Token);
        return sweep;
    }

    private protected static T Part<T>(EngineHost host) where T : IHostedService => host.Get<IEnumerable<IHostedService>>().OfType<T>().Single();

    /// <summary>Returns when this many jobs are in the queue, fetched or not.</summary>
    private protected Task UntilQueuedAsync(int jobs) => AgentProtocol.Testing.Until.TrueAsync(
        async () => await Rows.Database.Source.ScalarAsync<long>("select count(*) from hangfire.jobqueue") == jobs, Token);
}
