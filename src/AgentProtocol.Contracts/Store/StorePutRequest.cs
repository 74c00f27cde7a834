using System.Text.Json;

namespace AgentProtocol.Contracts.Store;

/// <summary>Body of <c>PUT /store/items</c> (wire-contract 9; schema <c>StorePutRequest</c>).</summary>
public sealed record StorePutRequest
{
    /// <summary>Where to store it: 1 to 32 labels of 1 to 256 characters, without dots; the first is not <c>langgraph</c>.</summary>
    public IReadOnlyList<string>? Namespace { get; init; }

    /// <summary>Its name within the namespace, 1 to 1024 characters. An item of that name is replaced.</summary>
    public string? Key { get; init; }

    /// <summary>The object to store, at most 1 MiB.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>
    /// What to index for semantic search: null for the default, false for nothing, or a list of paths. There is no
    /// semantic search, so it has no effect.
    /// </summary>
    public JsonElement? Index { get; init; }

    /// <summary>Minutes until the item is forgotten, fractions allowed; the server's default when absent.</summary>
    public double? Ttl { get; init; }
}

/// <summary>Body of <c>DELETE /store/items</c> (wire-contract 9; schema <c>StoreDeleteRequest</c>).</summary>
public sealed record StoreDeleteRequest
{
    /// <summary>The item's namespace.</summary>
    public IReadOnlyList<string>? Namespace { get; init; }

    /// <summary>The item's key.</summary>
    public string? Key { get; init; }
}
