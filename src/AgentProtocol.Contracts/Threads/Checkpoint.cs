using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>A reference to a saved state (wire-contract 1.6).</summary>
public sealed record Checkpoint
{
    /// <summary>The thread it belongs to.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>The namespace; empty at the root.</summary>
    public string CheckpointNs { get; init; } = "";

    /// <summary>Its id.</summary>
    public required Guid CheckpointId { get; init; }

    /// <summary>Always null at the root.</summary>
    public RawJson? CheckpointMap { get; init; }
}
