using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.Tests.Queue.Model;

/// <summary>What the queue ought to do, in a page of memory.</summary>
internal sealed class QueueModel
{
    private readonly Dictionary<Guid, ModelRun> runs = [];
    private int created;

    public IEnumerable<ModelRun> All => runs.Values;

    public IEnumerable<ModelRun> Of(RunState state) => runs.Values.Where(run => run.State == state);

    public ModelRun this[Guid id] => runs[id];

    public bool Create(Guid id, Guid thread, MultitaskStrategy strategy, bool delayed, bool bornClaimed)
    {
        var others = OnThread(thread).Where(run => !run.State.IsTerminal).ToList();
        if (others.Count > 0 && strategy == MultitaskStrategy.Reject)
        {
            return false;
        }

        if (strategy is MultitaskStrategy.Interrupt or MultitaskStrategy.Rollback)
        {
            foreach (var other in others)
            {
                Settle(other, strategy == MultitaskStrategy.Rollback, supersede: true);
            }
        }

        var isBusy = OnThread(thread).Any(run => !run.State.IsTerminal);
        runs[id] = new ModelRun(id, thread, created++)
        {
            IsDelayed = delayed,
            State = isBusy ? RunState.Waiting : delayed ? RunState.Delayed : bornClaimed ? RunState.Running : RunState.Ready,
        };
        return true;
    }

    /// <summary>Whether a run takes what it is told.</summary>
    public static bool Tell(ModelRun run)
    {
        var takes = run.State.HoldsSlot && !run.MustStop;
        run.Untaken += takes ? 1 : 0;
        return takes;
    }

    public void Cancel(ModelRun run, bool rollback)
    {
        Settle(run, rollback, supersede: false);
        Promote(run.Thread);
    }

    public void End(ModelRun run, RunState state)
    {
        run.State = state;
        Promote(run.Thread);
    }

    public void PassTime()
    {
        foreach (var run in All)
        {
            run.IsDelayed = false;
            run.State = run.State == RunState.Delayed ? RunState.Ready : run.State;
        }
    }

    public void DeleteThread(Guid thread)
    {
        foreach (var run in OnThread(thread).ToList())
        {
            runs.Remove(run.Id);
        }
    }

    private static void Settle(ModelRun run, bool rollback, bool supersede)
    {
        run.MustStop |= run.State == RunState.Running;
        run.MustRollBack |= rollback && !run.State.IsTerminal;
        if (!run.State.IsTerminal && run.State != RunState.Running)
        {
            run.IsUnmerged = supersede && !run.MustRollBack && !run.HasBegun;
            run.State = run.MustRollBack ? RunState.Erased : RunState.Interrupted;
        }
    }

    private void Promote(Guid thread)
    {
        var next = OnThread(thread).Where(run => !run.State.IsTerminal).OrderBy(run => run.Order).ToList();
        if (next.Count > 0 && !next.Any(run => run.State.HoldsSlot))
        {
            next[0].State = next[0].IsDelayed ? RunState.Delayed : RunState.Ready;
        }

        if (next.Count == 0)
        {
            // What superseded runs left behind becomes an edit of the free thread's state.
            foreach (var run in OnThread(thread))
            {
                run.IsUnmerged = false;
            }
        }
    }

    public IEnumerable<ModelRun> OnThread(Guid thread) => runs.Values.Where(run => run.Thread == thread);
}

internal sealed class ModelRun(Guid id, Guid thread, int order)
{
    public Guid Id => id;

    public Guid Thread => thread;

    public int Order => order;

    public RunState State { get; set; }

    public bool IsDelayed { get; set; }

    public bool MustRollBack { get; set; }

    /// <summary>Attempts that failed and were retried.</summary>
    public int Failures { get; set; }

    /// <summary>Whether it was told to stop, so that it does not wait for another attempt.</summary>
    public bool MustStop { get; set; }

    /// <summary>How much of what it was told it has not taken.</summary>
    public int Untaken { get; set; }

    /// <summary>Whether its input is part of the thread's state.</summary>
    public bool HasBegun { get; set; }

    /// <summary>Whether its input waits for a later run.</summary>
    public bool IsUnmerged { get; set; }
}
