namespace AgentProtocol.Chaos.Faults;

/// <summary>What is done to the cluster.</summary>
internal enum FaultKind
{
    /// <summary><c>kill -9</c> of a node.</summary>
    Kill,

    /// <summary>A node stands still for longer than its lease, and goes on.</summary>
    Freeze,

    /// <summary>SIGTERM, and a new start.</summary>
    Drain,

    /// <summary>The database drops some sessions.</summary>
    Sessions,

    /// <summary>The database crashes and recovers.</summary>
    Database,
}

/// <summary>One that was injected.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">When it began, by <see cref="History.Ledger.Now"/>.</param>
/// <param name="Time">The same by the clock, which is that of the database.</param>
internal readonly record struct Fault(FaultKind Kind, long At, DateTime Time);
