using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Store;

/// <summary>An item of the long-term store (wire-contract 1.6; schema <c>Item</c>).</summary>
public sealed record Item
{
    /// <summary>Where it lies, from the root label to the last.</summary>
    public required IReadOnlyList<string> Namespace { get; init; }

    /// <summary>Its name, unique within its namespace.</summary>
    public required string Key { get; init; }

    /// <summary>The object that was stored.</summary>
    public required RawJson Value { get; init; }

    /// <summary>When it was first stored, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it was last stored, UTC; later with each put, by a millisecond at least.</summary>
    public required DateTime UpdatedAt { get; init; }
}

/// <summary>Answer of <c>POST /store/items/search</c> (schema <c>SearchItemsResponse</c>).</summary>
/// <param name="Items">The items of the page, the latest stored first.</param>
public sealed record SearchItemsResponse(IReadOnlyList<Item> Items);

/// <summary>
/// Answer of <c>POST /store/namespaces</c> (schema <c>ListNamespaceResponse</c>), as an object because SDKs read its
/// member (wire-contract 12 row 4).
/// </summary>
/// <param name="Namespaces">The namespaces of the page, in the order of their labels.</param>
public sealed record ListNamespaceResponse(IReadOnlyList<IReadOnlyList<string>> Namespaces);
