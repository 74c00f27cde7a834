using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Assistants;

/// <summary>An agent with settings of its own, in versions (wire-contract 1.6, 8).</summary>
public sealed record Assistant
{
    /// <summary>Its id.</summary>
    public required Guid AssistantId { get; init; }

    /// <summary>The agent that executes its runs.</summary>
    public required string GraphId { get; init; }

    /// <summary>What its runs find in their configuration, unless they bring it themselves.</summary>
    public required RawJson Config { get; init; }

    /// <summary>The same for their context.</summary>
    public required RawJson Context { get; init; }

    /// <summary>When it was created, UTC; for the assistants that the server brings along, the start of 1970.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last changed, UTC.</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>Any facts; <c>created_by</c> is <c>system</c> for the assistants that the server brings along.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>The version that is in force, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for; null when nobody has said.</summary>
    public required string? Description { get; init; }
}

/// <summary>One version of an assistant (wire-contract 1.6).</summary>
public sealed record AssistantVersion
{
    /// <summary>The assistant.</summary>
    public required Guid AssistantId { get; init; }

    /// <summary>The agent of this version.</summary>
    public required string GraphId { get; init; }

    /// <summary>The configuration of this version.</summary>
    public required RawJson Config { get; init; }

    /// <summary>The context of this version.</summary>
    public required RawJson Context { get; init; }

    /// <summary>When the version was made, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>The metadata of this version.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>Its number, from 1.</summary>
    public required int Version { get; init; }

    /// <summary>The name in this version.</summary>
    public required string Name { get; init; }

    /// <summary>The description in this version.</summary>
    public required string? Description { get; init; }
}
