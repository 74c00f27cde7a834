using System.Text.Json;

namespace AgentProtocol.Agents;

/// <summary>
/// Messages that callers send to a run while it executes. They are durable from when they were accepted, and delivered when
/// the agent takes them: the taking is a checkpoint, so that they are delivered exactly once, whatever dies.
/// </summary>
public interface IAgentInbox
{
    /// <summary>Whether something is there to take. Costs nothing; look as often as you like.</summary>
    bool HasMessages { get; }

    /// <summary>Waits until something is there to take.</summary>
    Task WaitAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Takes what is there: merges it into the thread's state and commits that. Only between steps, when no message is
    /// half written and no tool call is without its answer. What the agent has yielded before is in the state first.
    /// </summary>
    /// <returns>
    /// The messages as they are in the state now, oldest first; empty when there were none. One that was removed is
    /// <c>{"type":"remove","id":…}</c>, before all others.
    /// </returns>
    /// <exception cref="OperationCanceledException">This execution has lost its run.</exception>
    Task<IReadOnlyList<JsonElement>> TakeAsync(CancellationToken cancellationToken);
}

/// <summary>The inbox of a context that was made without one, as in a test of an agent alone.</summary>
internal sealed class EmptyInbox : IAgentInbox
{
    public bool HasMessages => false;

    public Task WaitAsync(CancellationToken cancellationToken) => Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);

    public Task<IReadOnlyList<JsonElement>> TakeAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<JsonElement>>([]);
}
