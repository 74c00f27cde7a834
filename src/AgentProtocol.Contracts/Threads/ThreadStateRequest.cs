using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>POST /threads/{thread_id}/state/checkpoint</c> (wire-contract 3.11).</summary>
public sealed record ThreadStateRequest
{
    /// <summary>A checkpoint object; the current state without a <c>checkpoint_id</c> in it.</summary>
    public JsonElement? Checkpoint { get; init; }

    /// <summary>Whether to include the states of subgraphs; there are none here.</summary>
    public bool? Subgraphs { get; init; }
}
