namespace AgentProtocol.Engine.Queue;

/// <summary>
/// All that producers see of the queue. Runs are rows already when this is called; a call is only a hint that some can
/// be claimed: it may arrive late, more than once, or never.
/// </summary>
internal interface IRunQueue
{
    /// <summary>Says that these runs hold their threads' slots and can be claimed; with none, that this node has room again.</summary>
    void Signal(IReadOnlyList<Guid> runIds);

    /// <summary>Says that there may be runs to claim that nobody names: delays have ended, a node has died.</summary>
    void Wake();

    /// <summary>
    /// Says the same to all nodes: a run of an agent that may execute only so many has ended, and those that wait for it can
    /// be claimed although nothing has happened to them.
    /// </summary>
    void WakeAll(Guid ended);
}
