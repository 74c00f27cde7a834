using System.Collections.Concurrent;

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

    /// <summary>Stops a run as its row says, if it executes here.</summary>
    public void Settle(Guid runId, string settle, string reason)
    {
        if (byRun.TryGetValue(runId, out var run))
        {
            run.Stop(ToCause(settle), reason);
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
