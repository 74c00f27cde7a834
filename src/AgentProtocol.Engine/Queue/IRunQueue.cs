namespace AgentProtocol.Engine.Queue;

/// <summary>
/// All that producers see of the queue. Runs are rows already when this is called; a call is only a hint that some can
/// be claimed: it may arrive late, more than once, or never.
/// </summary>
internal interface IRunQueue
{
    /// <summary>Says that these runs hold their threads' slots and can be claimed.</summary>
    void Signal(IReadOnlyList<Guid> runIds);
}
