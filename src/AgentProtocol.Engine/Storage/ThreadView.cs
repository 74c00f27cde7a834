using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Storage;

/// <summary>A thread as it is shown.</summary>
/// <param name="Row">What does not change while runs go on.</param>
/// <param name="Head">What does.</param>
/// <param name="State">The current state.</param>
/// <param name="Pause">That a run stopped at the head to wait for somebody.</param>
internal sealed record ThreadView(ThreadRow Row, ThreadHeadRow Head, StateValues State, PauseText? Pause)
{
    /// <summary>The message that its active run is writing.</summary>
    public StateMessage? Partial { get; init; }

    /// <summary>How far its active run is, or its latest one was.</summary>
    public string? Progress { get; init; }
}
