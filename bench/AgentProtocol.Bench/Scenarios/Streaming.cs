using System.Diagnostics;
using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

/// <summary>Create-and-stream on a fresh thread; the thread is created before a run's clock starts.</summary>
internal static class Streaming
{
    public static Measurement Measure(Workload workload, int connections, Budget budget)
    {
        using var pool = workload.Connect(connections);
        var body = workload.Bodies.Streaming("hello");
        var tallies = Array.ConvertAll(pool.Clients, _ => new SseTally("echo: hello"u8.ToArray()));

        var wall = pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var tally = tallies[client.Index];
            var threadId = client.Api.CreateThread();
            var started = Stopwatch.GetTimestamp();
            client.Api.Stream(threadId, body, tally);
            client.Latency.Since(started);
            client.FirstEvent.Between(started, tally.FirstEventAt);
            return true;
        });

        var latency = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "runs", latency.Count)
            .With("first_event_ms", pool.Merge(client => client.FirstEvent))
            .With("latency_ms", latency);
    }
}
