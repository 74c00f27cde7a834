namespace AgentProtocol.Engine.Lifecycle;

/// <summary>
/// Where a run is. The first four are the values of <c>run_work.state</c>, in that order; the others are ends, and once
/// there a run stays there. Drawn in <c>docs/run-lifecycle.md</c>.
/// </summary>
internal enum RunState : short
{
    /// <summary>Behind another run of its thread.</summary>
    Waiting = 0,

    /// <summary>Holds its thread's slot, but may not start before a given time.</summary>
    Delayed = 1,

    /// <summary>Holds its thread's slot and can be claimed.</summary>
    Ready = 2,

    /// <summary>Claimed by a node, which executes it.</summary>
    Running = 3,

    /// <summary>Finished.</summary>
    Success = 10,

    /// <summary>Failed for good.</summary>
    Error = 11,

    /// <summary>Out of time: in all, without an event, or before its first start.</summary>
    Timeout = 12,

    /// <summary>Cancelled, superseded, or waiting for an answer that a later run will bring.</summary>
    Interrupted = 13,

    /// <summary>Rolled back: no row is left, as if it had never been.</summary>
    Erased = 14,
}

internal static class RunStates
{
    extension(RunState state)
    {
        /// <summary>Whether the run has ended.</summary>
        public bool IsTerminal => state >= RunState.Success;

        /// <summary>Whether the run is its thread's active run: at most one is, by a unique index.</summary>
        public bool HoldsSlot => state is RunState.Delayed or RunState.Ready or RunState.Running;
    }
}
