using System.Diagnostics;
using AgentProtocol.Bench.Load;
using AgentProtocol.Bench.Protocol;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Scenarios;

/// <summary>How many runs can be asleep at the same time, as agents that wait for a model are.</summary>
internal static class Sleepers
{
    public static Measurement Measure(Workload workload, int fullCount, int seconds)
    {
        double? memory = null, threads = null;
        var measurement = Measure(
            workload, workload.Bodies.Plain($"sleep {seconds}"), fullCount, TimeSpan.FromSeconds(seconds),
            () => (memory, threads) = (workload.Memory.ResidentMiB(), workload.Memory.Threads()));
        return memory is { } mib && threads is { } count
            ? measurement.With("server_mib_at_half_time", mib).With("server_threads_at_half_time", count)
            : measurement;
    }

    /// <param name="workload">The server.</param>
    /// <param name="body">A run that takes no time but this sleep.</param>
    /// <param name="fullCount">How many runs.</param>
    /// <param name="sleep">How long each waits for something.</param>
    /// <param name="atHalfTime">What else to look at while all are asleep.</param>
    public static Measurement Measure(Workload workload, byte[] body, int fullCount, TimeSpan sleep, Action atHalfTime)
    {
        using var pool = workload.Connect(32);
        var count = workload.Steps(fullCount);
        var watches = Array.ConvertAll(pool.Clients, _ => new RunWatch());

        Submit(pool, new Budget(count), body, run => watches[run.Client.Index].Add(run.Key, sleep));
        Thread.Sleep(sleep / 2);
        atHalfTime();
        var running = CountRunning(pool, watches);
        pool.Run(client =>
        {
            watches[client.Index].PollNext(client);
            return !watches[client.Index].IsEmpty;
        });

        var wall = Stopwatch.GetElapsedTime(pool.StartedAt);
        var finished = watches.Sum(watch => watch.Finished);
        return Measurement.Of(pool, wall, "runs", finished)
            .With("sleep_s", sleep.TotalSeconds)
            .With("running_at_half_time", running)
            .With("effective_concurrency", finished * sleep / wall)
            .With("latency_ms", pool.Merge(client => client.Latency));
    }

    private static void Submit(ClientPool pool, Budget budget, byte[] body, Action<(Client Client, RunKey Key)> submitted) =>
        pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var sent = Stopwatch.GetTimestamp();
            submitted((client, client.Api.CreateRun(client.Api.CreateThread(), body)));
            client.Latency.Since(sent);
            return true;
        });

    private static int CountRunning(ClientPool pool, RunWatch[] watches)
    {
        var running = 0;
        pool.Run(client =>
        {
            var seen = watches[client.Index].Runs.Count(run => client.Api.GetStatus(run) == RunStatus.Running);
            Interlocked.Add(ref running, seen);
            return false;
        });
        return running;
    }
}
