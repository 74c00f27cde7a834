namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>api_keys</c>: who may call, and as whom. A revoked key keeps its row, so that a server that had keys never falls open.</summary>
internal sealed class ApiKeyRow
{
    public Guid Id { get; init; }

    /// <summary>Whose data the key opens.</summary>
    public required string Owner { get; init; }

    /// <summary>The part of the key that people may see.</summary>
    public required string Prefix { get; init; }

    /// <summary>SHA-256 of the whole key.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>What the key may do, separated by blanks.</summary>
    public required string Scopes { get; init; }

    public string? Name { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime? ExpiresAt { get; init; }

    public DateTime? RevokedAt { get; init; }

    /// <summary>To the minute, so that a busy key is not a busy row.</summary>
    public DateTime? LastUsedAt { get; init; }
}
