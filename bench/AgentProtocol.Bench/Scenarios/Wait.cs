using System.Diagnostics;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal static class Wait
{
    public static Measurement Measure(Workload workload)
    {
        using var pool = workload.Connect(16);
        var body = workload.Bodies.Plain("hello");
        var answer = "echo: hello"u8.ToArray();

        var budget = new Budget(int.MaxValue, workload.Duration);
        var wall = pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var started = Stopwatch.GetTimestamp();
            client.Api.Wait(body, answer);
            client.Latency.Since(started);
            return true;
        });

        var latency = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "runs", latency.Count).With("latency_ms", latency);
    }
}
