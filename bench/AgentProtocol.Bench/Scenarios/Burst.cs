using System.Diagnostics;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

/// <summary>Submit everything first, then poll until the last run has ended.</summary>
internal static class Burst
{
    public static Measurement Measure(Workload workload)
    {
        using var pool = workload.Connect(32);
        var runs = workload.Steps(5_000);
        var bodies = Enumerable.Range(0, runs).Select(number => workload.Bodies.Plain($"hello {number}")).ToArray();
        var watches = Array.ConvertAll(pool.Clients, _ => new RunWatch());

        var budget = new Budget(runs);
        var lastSubmitted = long.MaxValue;
        var wall = pool.Run(client =>
        {
            var watch = watches[client.Index];
            if (!budget.TryTake(out var number))
            {
                watch.PollNext(client);
                return !watch.IsEmpty;
            }

            var sent = Stopwatch.GetTimestamp();
            watch.Add(client.Api.CreateRun(client.Api.CreateThread(), bodies[number]));
            client.Latency.Since(sent);
            Volatile.Write(ref lastSubmitted, Stopwatch.GetTimestamp());
            return true;
        });

        var submit = pool.Merge(client => client.Latency);
        return Measurement.Of(pool, wall, "runs", watches.Sum(watch => watch.Finished))
            .With("submitted_per_s", submit.Count / Stopwatch.GetElapsedTime(pool.StartedAt, lastSubmitted).TotalSeconds)
            .With("polls", watches.Sum(watch => watch.Polls))
            .With("latency_ms", submit);
    }
}
