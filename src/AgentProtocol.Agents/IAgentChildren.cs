using System.Text.Json;

namespace AgentProtocol.Agents;

/// <summary>
/// Runs of other agents that a run starts. Each has a thread of its own and belongs to the owner of its parent. A child ends
/// with its parent, however that ends; its failure is an answer to its parent and nothing more.
/// </summary>
public interface IAgentChildren
{
    /// <summary>
    /// Starts a child and waits for its end. A later attempt of the parent that asks with the same key finds the child of the
    /// earlier one and waits for that.
    /// </summary>
    /// <param name="child">What to run.</param>
    /// <param name="cancellationToken">Cancels the child.</param>
    /// <exception cref="AgentException">There is no such agent, or children are nested too deep.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled, or this execution has lost its run, or the server shuts down (<see cref="AgentContext.Draining"/>). Let it through,
    /// also where failures of tools are caught: it says nothing about the child, for which the next attempt waits.
    /// </exception>
    Task<ChildResult> RunAsync(ChildRun child, CancellationToken cancellationToken);
}

/// <summary>A run to be started by another.</summary>
/// <param name="AgentId">The agent's id.</param>
/// <param name="Key">What tells this child from others of the same parent, such as the id of a tool call.</param>
/// <param name="Input">Its input, an object; <c>messages</c> are merged into its thread.</param>
public sealed record ChildRun(string AgentId, string Key, JsonElement Input);

/// <summary>How a child ended.</summary>
/// <param name="RunId">The child.</param>
/// <param name="ThreadId">Its thread.</param>
/// <param name="Status"><c>success</c>, <c>error</c>, <c>timeout</c> or <c>interrupted</c>.</param>
/// <param name="Error">Why it did not succeed; null when it did.</param>
/// <param name="State">The state of its thread at its end.</param>
public sealed record ChildResult(Guid RunId, Guid ThreadId, string Status, string? Error, AgentState State);

/// <summary>The children of a context that was made without an engine.</summary>
internal sealed class NoChildren : IAgentChildren
{
    public Task<ChildResult> RunAsync(ChildRun child, CancellationToken cancellationToken) =>
        throw new NotSupportedException("This context was made without a server: set AgentContext.Children.");
}
