using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Access;

/// <summary>A key as its administrator sees it, without its secret.</summary>
/// <param name="Id">The key's id.</param>
/// <param name="Prefix">The first part of the key, by which people recognise it.</param>
/// <param name="Owner">Whose data the key opens.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Name">What it is for.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it opens nothing; null for never.</param>
/// <param name="RevokedAt">Since when it opens nothing because somebody said so.</param>
/// <param name="LastUsedAt">When it was used last, to the minute; null for never.</param>
public sealed record ApiKey(
    Guid Id,
    string Prefix,
    string Owner,
    IReadOnlyList<string> Scopes,
    string? Name,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt,
    DateTimeOffset? LastUsedAt)
{
    internal static ApiKey Of(ApiKeyRow row) => new(
        row.Id, row.Prefix, row.Owner, row.Scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries), row.Name, row.CreatedAt, row.ExpiresAt, row.RevokedAt,
        row.LastUsedAt);
}

/// <summary>A key that was just made: the only moment in which its secret is known.</summary>
/// <param name="Key">The key.</param>
/// <param name="Secret">What the caller has to send.</param>
public sealed record NewApiKey(ApiKey Key, string Secret);
