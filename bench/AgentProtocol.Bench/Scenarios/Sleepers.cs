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
        var body = workload.Bodies.Plain($"sleep {seconds}");
        var measurement = Measure(
            workload, workload.Steps(fullCount), api => [api.CreateRun(api.CreateThread(), body)], TimeSpan.FromSeconds(seconds),
            () => (memory, threads) = (workload.Memory.ResidentMiB(), workload.Memory.Threads()));
        return memory is { } mib && threads is { } count
            ? measurement.With("server_mib_at_half_time", mib).With("server_threads_at_half_time", count)
            : measurement;
    }

    /// <param name="workload">The server.</param>
    /// <param name="submissions">How often runs are submitted.</param>
    /// <param name="submit">Submits runs that take no time but this sleep.</param>
    /// <param name="sleep">How long each waits for something.</param>
    /// <param name="atHalfTime">What else to look at while all are asleep.</param>
    public static Measurement Measure(
        Workload workload, int submissions, Func<AgentApi, IReadOnlyList<RunKey>> submit, TimeSpan sleep, Action atHalfTime)
    {
        using var pool = workload.Connect(32);
        var watches = Array.ConvertAll(pool.Clients, _ => new RunWatch());

        Submit(pool, new Budget(submissions), submit, run => watches[run.Client.Index].Add(run.Key, sleep));
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

    private static void Submit(
        ClientPool pool, Budget budget, Func<AgentApi, IReadOnlyList<RunKey>> submit, Action<(Client Client, RunKey Key)> submitted) =>
        pool.Run(client =>
        {
            if (!budget.TryTake(out _))
            {
                return false;
            }

            var sent = Stopwatch.GetTimestamp();
            foreach (var run in submit(client.Api))
            {
                submitted((client, run));
            }

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
