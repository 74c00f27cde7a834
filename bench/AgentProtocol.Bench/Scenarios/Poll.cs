using System.Diagnostics;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Protocol;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal static class Poll
{
    public static Measurement Measure(Workload workload)
    {
        using var pool = workload.Connect(16);
        var run = FinishedRun(pool.Clients[0].Api, workload);

        var budget = new Budget(int.MaxValue, workload.Duration);
        var wall = pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var started = Stopwatch.GetTimestamp();
            if (client.Api.GetStatus(run) != RunStatus.Success)
            {
                client.CountError("a finished run is no longer a success");
            }

            client.Latency.Since(started);
            return true;
        });

        var latency = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "requests", latency.Count).With("latency_ms", latency);
    }

    private static RunKey FinishedRun(AgentApi api, Workload workload)
    {
        var run = api.CreateRun(api.CreateThread(), workload.Bodies.Plain("hello"));
        api.AwaitStatus(run, RunStatus.Success);
        return run;
    }
}
