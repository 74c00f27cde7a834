using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.Events;

/// <summary>The last events of a run that failed where no executor says them.</summary>
internal static class EndFrames
{
    /// <param name="position">The place of the first in the run's log.</param>
    /// <param name="number">The number of the failure among the events of the stream modes.</param>
    /// <param name="outcome">How it failed.</param>
    /// <param name="agent">Its agent; null when that is not known any more.</param>
    /// <param name="at">When.</param>
    public static IReadOnlyList<Frame> Of(long position, long number, RunOutcome outcome, string? agent, DateTimeOffset at) =>
    [
        new Frame(position, null, "lifecycle", LifecycleText.Terminal(outcome.Status, outcome.Message, agent))
        {
            Origin = new FrameOrigin(at.ToUnixTimeMilliseconds()),
        },
        Frame.OfFailure(position + 1, number, outcome),
    ];
}
