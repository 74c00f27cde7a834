using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>PATCH /threads/{thread_id}</c> (wire-contract 3.5; schema <c>ThreadPatch</c>).</summary>
public sealed record ThreadPatch
{
    /// <summary>Merged into the metadata, key by key.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Minutes, or <c>{ttl, strategy}</c>.</summary>
    public JsonElement? Ttl { get; init; }

    /// <summary>State to merge through the reducers.</summary>
    public JsonElement? Values { get; init; }

    /// <summary>Messages to merge through the reducers.</summary>
    public JsonElement? Messages { get; init; }

    /// <summary>The checkpoint that values and messages are merged into, for a new branch; the current state without it.</summary>
    public JsonElement? Checkpoint { get; init; }
}
