using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>POST /threads</c> (wire-contract 3.1; schema <c>ThreadCreate</c>).</summary>
public sealed record ThreadCreate
{
    /// <summary>The id to use; the server mints one otherwise.</summary>
    public Guid? ThreadId { get; init; }

    /// <summary>An object to keep with the thread.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary><c>raise</c> (default) or <c>do_nothing</c>.</summary>
    public string? IfExists { get; init; }

    /// <summary>Minutes, or <c>{ttl, strategy}</c>.</summary>
    public JsonElement? Ttl { get; init; }

    /// <summary>Steps to replay, each of which becomes a checkpoint; at most 1000. They need a <c>graph_id</c> in the metadata.</summary>
    public IReadOnlyList<Superstep>? Supersteps { get; init; }
}
