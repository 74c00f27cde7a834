using System.Diagnostics;
using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Protocol;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

internal static class Cancel
{
    public static Measurement Measure(Workload workload)
    {
        using var pool = workload.Connect(4);
        var body = workload.Bodies.Plain("sleep 30");

        var budget = new Budget(workload.Steps(100));
        var wall = pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var run = client.Api.CreateRun(client.Api.CreateThread(), body);
            client.Api.AwaitStatus(run, RunStatus.Running);
            var started = Stopwatch.GetTimestamp();
            client.Api.Cancel(run);
            client.Latency.Since(started);
            RequireTerminal(client.Api.GetStatus(run));
            return true;
        });

        var latency = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "runs", latency.Count).With("latency_ms", latency);
    }

    private static void RequireTerminal(RunStatus status)
    {
        if (!status.IsTerminal)
        {
            throw new UnexpectedAnswerException($"after a cancel that waited the run is {status}");
        }
    }
}
