using System.Diagnostics;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal static class CreateThread
{
    public static Measurement Measure(Workload workload)
    {
        using var pool = workload.Connect(16);
        var budget = new Budget(workload.Steps(20_000), workload.Duration);
        var wall = pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var started = Stopwatch.GetTimestamp();
            client.Api.CreateThread();
            client.Latency.Since(started);
            return true;
        });

        var latency = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "requests", latency.Count).With("latency_ms", latency);
    }
}
