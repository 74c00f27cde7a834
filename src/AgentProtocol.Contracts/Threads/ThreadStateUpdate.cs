using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>POST /threads/{thread_id}/state</c> (wire-contract 3.12).</summary>
public sealed record ThreadStateUpdate
{
    /// <summary>An object, a list of objects that are applied in order, or null.</summary>
    public JsonElement? Values { get; init; }

    /// <summary>The node in whose name the update is made.</summary>
    public string? AsNode { get; init; }

    /// <summary>The checkpoint to go on from, for a new branch; the current state without it.</summary>
    public JsonElement? Checkpoint { get; init; }

    /// <summary>The id alone, as older clients send it.</summary>
    public string? CheckpointId { get; init; }
}

/// <summary>Answer of <c>POST /threads/{thread_id}/state</c>.</summary>
/// <param name="Checkpoint">The checkpoint that the update made.</param>
public sealed record ThreadStateUpdateResponse(Checkpoint Checkpoint);

/// <summary>Body of <c>PATCH /threads/{thread_id}/state</c> (wire-contract 3.13).</summary>
public sealed record ThreadStatePatch
{
    /// <summary>Merged into the thread's metadata.</summary>
    public JsonElement? Metadata { get; init; }
}
