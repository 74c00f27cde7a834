using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>store_items</c>: the long-term store.</summary>
internal sealed class StoreItemRow
{
    public required string Owner { get; init; }

    /// <summary>The digest of namespace and key: <see cref="StoreKey.Id"/>.</summary>
    public required byte[] Id { get; init; }

    /// <summary>The labels as one text: <see cref="StoreNamespace"/>.</summary>
    public required string Namespace { get; init; }

    public required string Key { get; init; }

    /// <summary>Exactly as the caller wrote it.</summary>
    public required string Value { get; init; }

    /// <summary>A copy of <see cref="Value"/> to search in; null when it is empty.</summary>
    public JsonElement? Filter { get; init; }

    /// <summary>Minutes from the last put or refresh to the end; null for never.</summary>
    public double? Ttl { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime UpdatedAt { get; init; }

    /// <summary>From when on nobody sees it, by the database's clock.</summary>
    public DateTime? ExpiresAt { get; init; }
}
