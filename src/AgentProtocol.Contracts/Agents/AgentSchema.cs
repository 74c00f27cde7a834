using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Agents;

/// <summary>What an agent takes and answers, as JSON Schemas (wire-contract 8.3; schema <c>AgentSchema</c>).</summary>
public sealed record AgentSchema
{
    /// <summary>The agent.</summary>
    public required string AgentId { get; init; }

    /// <summary>The input; <c>{}</c> when unknown.</summary>
    public required RawJson InputSchema { get; init; }

    /// <summary>The values that a run leads to; <c>{}</c> when unknown.</summary>
    public required RawJson OutputSchema { get; init; }

    /// <summary>The state of a thread; absent when unknown.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? StateSchema { get; init; }

    /// <summary><c>config.configurable</c>; absent when the agent asks for nothing there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? ConfigSchema { get; init; }
}
