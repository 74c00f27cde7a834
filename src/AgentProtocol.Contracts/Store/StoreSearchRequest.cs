using System.Text.Json;

namespace AgentProtocol.Contracts.Store;

/// <summary>Body of <c>POST /store/items/search</c> (wire-contract 9; schema <c>StoreSearchRequest</c>).</summary>
public sealed record StoreSearchRequest
{
    /// <summary>Only items in this namespace and below it; all items when it is empty.</summary>
    public IReadOnlyList<string>? NamespacePrefix { get; init; }

    /// <summary>
    /// Conditions on top-level members of the value, all of which must hold: a value that the member contains, or an object of
    /// the operators <c>$eq</c>, <c>$ne</c>, <c>$gt</c>, <c>$gte</c>, <c>$lt</c>, <c>$lte</c>, <c>$in</c> and <c>$nin</c>.
    /// </summary>
    public JsonElement? Filter { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }

    /// <summary>A question in words. There is no semantic search: it changes neither what is found nor its order.</summary>
    public string? Query { get; init; }

    /// <summary>Whether the time to live of what is found starts anew; the server's default when absent.</summary>
    public bool? RefreshTtl { get; init; }
}

/// <summary>Body of <c>POST /store/namespaces</c> (wire-contract 9; schema <c>StoreListNamespacesRequest</c>).</summary>
public sealed record StoreListNamespacesRequest
{
    /// <summary>Only namespaces that begin with these labels; <c>*</c> stands for any one label.</summary>
    public IReadOnlyList<string>? Prefix { get; init; }

    /// <summary>Only namespaces that end with these labels; <c>*</c> stands for any one label.</summary>
    public IReadOnlyList<string>? Suffix { get; init; }

    /// <summary>Cut namespaces to this many labels; those that become the same are listed once.</summary>
    public int? MaxDepth { get; init; }

    /// <summary>At most this many, 1 to 1000; 100 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }
}
