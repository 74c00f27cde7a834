using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm;

/// <summary>What an agent is told and given besides its model.</summary>
public sealed record LlmAgentOptions
{
    /// <summary>What the model is told before the thread, as a system message.</summary>
    public string? Instructions { get; init; }

    /// <summary>
    /// What it may call. An <see cref="AIFunction"/> is called by this server, one wrapped in an
    /// <see cref="ApprovalRequiredAIFunction"/> only after a person has agreed; any other tool is the model server's own
    /// and handed to it. A function finds the run in its arguments: <see cref="Tools.ToolArguments"/>.
    /// </summary>
    public IReadOnlyList<AITool> Tools { get; init; } = [];

    /// <summary>How many answers of the model one message of a person may take, calls of tools included.</summary>
    public int MaxTurns { get; init; } = 50;

    /// <summary>
    /// How many tokens the model is given at most. Beyond that the results of its oldest tool calls are left out of what it
    /// sees, though not of the thread. Null to leave it to the model's server to complain.
    /// </summary>
    public int? ContextTokens { get; init; }

    /// <summary>
    /// JSON Schema of the final answer. It is then JSON, and its value the key <c>structured_response</c> of the state; an
    /// answer that does not satisfy it is sent back to the model once.
    /// </summary>
    public JsonElement? OutputSchema { get; init; }

    /// <summary>Settings of the model, such as its temperature; tools and response format come from the other options.</summary>
    public ChatOptions? ChatOptions { get; init; }

    /// <summary>The clock that message ids are made with.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
