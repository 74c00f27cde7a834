using System.Collections.Concurrent;
using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Engine.Execution;

/// <summary>The executions of this node, by run.</summary>
internal sealed class RunningRuns
{
    private readonly ConcurrentDictionary<Guid, RunningRun> byRun = new();

    private volatile bool isDraining;

    public int Count => byRun.Count;

    public IReadOnlyCollection<RunningRun> All => (IReadOnlyCollection<RunningRun>)byRun.Values;

    /// <summary>Adds an execution. One that is still there has lost its lease: its run would not have been claimed again otherwise.</summary>
    public void Add(RunningRun run)
    {
        byRun.AddOrUpdate(run.Claim.RunId, run, (_, earlier) =>
        {
            earlier.Stop(StopCause.LeaseLost, "Claimed again");
            return run;
        });
        if (isDraining)
        {
            run.Drain();
        }
    }

    /// <summary>Asks all executions, and all that still start, to stop at their next checkpoint.</summary>
    public void Drain()
    {
        isDraining = true;
        foreach (var run in byRun.Values)
        {
            run.Drain();
        }
    }

    public void Remove(RunningRun run) => byRun.TryRemove(new KeyValuePair<Guid, RunningRun>(run.Claim.RunId, run));

    /// <summary>Tells a run what its row says, if it executes here.</summary>
    public void Hear(RunSignal signal)
    {
        if (!byRun.TryGetValue(signal.RunId, out var run))
        {
            return;
        }

        run.Updates.Announce(signal.Updates);
        if (signal.Settle == "steer")
        {
            run.StopAtCheckpoint(signal.Reason);
        }
        else if (signal.Settle is { } settle)
        {
            run.Stop(ToCause(settle), signal.Reason);
        }
    }

    public static StopCause ToCause(string settle) => settle switch
    {
        "rollback" => StopCause.Rollback,
        "timeout" => StopCause.Deadline,
        _ => StopCause.Interrupt,
    };

    /// <summary>Stops everything that was claimed under a node id, because that node may have been declared dead.</summary>
    public void LoseAll(Guid node, string reason)
    {
        foreach (var run in byRun.Values.Where(run => run.Claim.Node == node))
        {
            run.Stop(StopCause.LeaseLost, reason);
        }
    }
}
