namespace AgentProtocol.Engine.Lifecycle;

/// <summary>What may happen to a run.</summary>
internal enum RunEvent
{
    /// <summary>The run before it ended, and the slot passed on.</summary>
    Promote,

    /// <summary>Its delay is over.</summary>
    Due,

    /// <summary>A node took it.</summary>
    Claim,

    /// <summary>Its node died or shut down; another execution starts from the last checkpoint.</summary>
    Requeue,

    /// <summary>An attempt failed and another one may succeed later.</summary>
    Retry,

    /// <summary>The agent finished.</summary>
    Succeed,

    /// <summary>The agent failed, or a budget of attempts is spent.</summary>
    Fail,

    /// <summary>The deadline passed, its agent went silent, or it was not started in time.</summary>
    Expire,

    /// <summary>The agent asks a question, or was told to stop here; a later run resumes.</summary>
    Pause,

    /// <summary>Cancelled or superseded, keeping what it did.</summary>
    Interrupt,

    /// <summary>Cancelled or superseded, erasing what it did.</summary>
    Rollback,
}

/// <summary>The table of the run lifecycle: every change of state that may happen, and no other.</summary>
internal static class RunTransitions
{
    /// <summary>The states in which a run can be born: behind others, delayed, ready, or already claimed by the node that accepted it.</summary>
    public static IReadOnlyList<RunState> Initial { get; } = [RunState.Waiting, RunState.Delayed, RunState.Ready, RunState.Running];

    /// <summary>All transitions.</summary>
    public static IReadOnlyList<(RunState From, RunEvent Event, RunState To)> All { get; } =
    [
        (RunState.Waiting, RunEvent.Promote, RunState.Ready),
        (RunState.Waiting, RunEvent.Promote, RunState.Delayed),
        (RunState.Waiting, RunEvent.Expire, RunState.Timeout),
        (RunState.Waiting, RunEvent.Interrupt, RunState.Interrupted),
        (RunState.Waiting, RunEvent.Rollback, RunState.Erased),
        (RunState.Delayed, RunEvent.Due, RunState.Ready),
        (RunState.Delayed, RunEvent.Expire, RunState.Timeout),
        (RunState.Delayed, RunEvent.Interrupt, RunState.Interrupted),
        (RunState.Delayed, RunEvent.Rollback, RunState.Erased),
        (RunState.Ready, RunEvent.Claim, RunState.Running),
        (RunState.Ready, RunEvent.Expire, RunState.Timeout),
        (RunState.Ready, RunEvent.Interrupt, RunState.Interrupted),
        (RunState.Ready, RunEvent.Rollback, RunState.Erased),
        (RunState.Running, RunEvent.Requeue, RunState.Ready),
        (RunState.Running, RunEvent.Retry, RunState.Delayed),
        (RunState.Running, RunEvent.Succeed, RunState.Success),
        (RunState.Running, RunEvent.Fail, RunState.Error),
        (RunState.Running, RunEvent.Expire, RunState.Timeout),
        (RunState.Running, RunEvent.Pause, RunState.Interrupted),
        (RunState.Running, RunEvent.Interrupt, RunState.Interrupted),
        (RunState.Running, RunEvent.Rollback, RunState.Erased),
    ];

    /// <summary>Whether a run may go from one state to another by some event.</summary>
    public static bool Allows(RunState from, RunState to) => All.Any(transition => transition.From == from && transition.To == to);
}
