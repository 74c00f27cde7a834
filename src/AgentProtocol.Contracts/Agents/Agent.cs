using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Agents;

/// <summary>An agent that runs can be created for (wire-contract 1.6; schema <c>Agent</c>).</summary>
public sealed record Agent
{
    /// <summary>Its graph id, or the UUID of the assistant that somebody created (wire-contract 8.3).</summary>
    public required string AgentId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it does, for people and for supervisors; absent when nobody has said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Description { get; init; }

    /// <summary>Further facts about it.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>What it can do, by reverse domain name.</summary>
    public required IReadOnlyDictionary<string, bool> Capabilities { get; init; }
}

/// <summary>Body of <c>POST /agents/search</c> (wire-contract 8.3).</summary>
public sealed record AgentSearchRequest
{
    /// <summary>Agents whose name contains this text, in any case.</summary>
    public string? Name { get; init; }

    /// <summary>Agents whose metadata contains this object.</summary>
    public System.Text.Json.JsonElement? Metadata { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }
}
