using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Agents;

/// <summary>All that an agent knows about the run it executes.</summary>
public sealed record AgentContext
{
    /// <summary>The run.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The thread the run is on.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>The id the agent is registered under.</summary>
    public required string AgentId { get; init; }

    /// <summary>Which execution of the run this is, from 1; more than 1 after a crash or a retry.</summary>
    public required int Attempt { get; init; }

    /// <summary>
    /// How many state updates of this run are already part of <see cref="State"/>; more than 0 only after a crash,
    /// a retry or a restart of the server. An agent that works in steps goes on behind them.
    /// </summary>
    public required int CompletedSteps { get; init; }

    /// <summary>The input as the caller sent it; an undefined element when there was none.</summary>
    public required JsonElement Input { get; init; }

    /// <summary>The thread's state, with the input's messages already merged.</summary>
    public required AgentState State { get; init; }

    /// <summary>
    /// The run's configuration: the request's over the thread's over the assistant's. Its <c>configurable</c> also has
    /// <c>run_id</c>, <c>thread_id</c>, <c>graph_id</c>, <c>assistant_id</c> and <c>user_id</c>.
    /// </summary>
    public required JsonElement Config { get; init; }

    /// <summary>The run's context over the assistant's, else <c>config.configurable</c>; an undefined element when there was neither.</summary>
    public required JsonElement Context { get; init; }

    /// <summary>
    /// The step that an earlier run stopped before, when this run resumes it; the agent goes on there. Null otherwise.
    /// </summary>
    public string? ResumeNode { get; init; }

    /// <summary>
    /// The questions that the earlier run asked, with the answers that came; empty unless this run resumes one. An agent
    /// asks again what was not answered.
    /// </summary>
    public IReadOnlyList<AgentInterrupt> Interrupts { get; init; } = [];

    /// <summary>
    /// Cancelled when the server shuts down. The run goes on elsewhere from its last state update, so an agent that is
    /// only waiting stops at once, and one that is in the middle of costly work may finish its current step.
    /// </summary>
    public CancellationToken Draining { get; init; }

    /// <summary>
    /// Cancelled, before the token of <see cref="IAgent.RunAsync"/> is, when another node executes the run by now. An agent that
    /// has work elsewhere leaves it alone then: it belongs to that execution.
    /// </summary>
    public CancellationToken LeaseLost { get; init; }

    /// <summary>The long-term store of the run's owner, which is shared by all threads and outlives them.</summary>
    public IAgentStore Store { get; init; } = new MissingStore();

    /// <summary>What callers tell the run while it executes. An agent that never looks here is not one to be steered.</summary>
    public IAgentInbox Inbox { get; init; } = new EmptyInbox();

    /// <summary>Runs of other agents of this server on behalf of this one; they end with it.</summary>
    public IAgentChildren Children { get; init; } = new NoChildren();

    /// <summary>The run's log: each line carries the run, its thread and its attempt.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}

/// <summary>The state of a thread as an agent sees it.</summary>
/// <param name="Messages">The messages, oldest first, in the form of wire-contract 7.3.</param>
/// <param name="Values">All other keys.</param>
public sealed record AgentState(IReadOnlyList<JsonElement> Messages, IReadOnlyDictionary<string, JsonElement> Values);

/// <summary>A question that an agent asked with <see cref="AgentEvent.Interrupt"/>.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Value">The question.</param>
/// <param name="Answer">The answer; undefined when none came.</param>
public sealed record AgentInterrupt(string Id, JsonElement Value, JsonElement Answer);
