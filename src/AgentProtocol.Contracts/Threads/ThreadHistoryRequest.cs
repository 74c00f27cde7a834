using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>POST /threads/{thread_id}/history</c> (wire-contract 3.14).</summary>
public sealed record ThreadHistoryRequest
{
    /// <summary>At most this many states, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Only states older than this checkpoint: its id, a checkpoint object, or a config object.</summary>
    public JsonElement? Before { get; init; }

    /// <summary>Only checkpoints whose metadata contains this object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Names a subgraph; only the root (an empty <c>checkpoint_ns</c>) has a history here.</summary>
    public JsonElement? Checkpoint { get; init; }
}
