using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Assistants;

/// <summary>The nodes of an agent as clients draw them (wire-contract 8.1).</summary>
/// <param name="Nodes">The nodes, from <c>__start__</c> to <c>__end__</c>.</param>
/// <param name="Edges">What may follow on what.</param>
public sealed record AssistantGraph(IReadOnlyList<GraphNode> Nodes, IReadOnlyList<GraphEdge> Edges);

/// <summary>A node of a graph.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Type"><c>schema</c> for the start and the end, otherwise <c>runnable</c>.</param>
/// <param name="Data">What is known about it; absent for the start and the end.</param>
public sealed record GraphNode(
    string Id, string Type, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GraphNodeData? Data = null);

/// <summary>What is known about a node.</summary>
/// <param name="Name">Its name.</param>
public sealed record GraphNodeData(string Name);

/// <summary>A way from one node to another.</summary>
/// <param name="Source">From.</param>
/// <param name="Target">To.</param>
/// <param name="Conditional">Whether it is only one of several ways; absent when it is the only one.</param>
public sealed record GraphEdge(
    string Source, string Target, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool Conditional = false);

/// <summary>What an agent takes, keeps and answers, each a JSON Schema or null (wire-contract 8.1).</summary>
public sealed record AssistantSchemas
{
    /// <summary>The agent.</summary>
    public required string GraphId { get; init; }

    /// <summary>The input.</summary>
    public required RawJson? InputSchema { get; init; }

    /// <summary>The values that a run leads to.</summary>
    public required RawJson? OutputSchema { get; init; }

    /// <summary>The state of a thread.</summary>
    public required RawJson? StateSchema { get; init; }

    /// <summary><c>config.configurable</c>.</summary>
    public required RawJson? ConfigSchema { get; init; }

    /// <summary>The context.</summary>
    public required RawJson? ContextSchema { get; init; }
}
