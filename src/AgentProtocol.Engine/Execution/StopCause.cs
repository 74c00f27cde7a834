namespace AgentProtocol.Engine.Execution;

/// <summary>Why an execution is stopped before its agent has finished. The cause decides the end, and a graver one replaces a lesser.</summary>
internal enum StopCause
{
    /// <summary>It is not stopped.</summary>
    None,

    /// <summary>The server shuts down: the run goes on elsewhere.</summary>
    Draining,

    /// <summary>Its time is up.</summary>
    Deadline,

    /// <summary>Cancelled or superseded.</summary>
    Interrupt,

    /// <summary>Cancelled or superseded, to be erased.</summary>
    Rollback,

    /// <summary>Another node may execute it: nothing more may be written.</summary>
    LeaseLost,
}
