using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Access;

/// <summary>Makes, lists and revokes keys. Running servers follow within seconds.</summary>
public sealed class ApiKeys : IAsyncDisposable
{
    /// <summary>Who calls where nobody has to say who he is, and whose the keys are that name no owner: what was made before there were keys stays reachable.</summary>
    public const string DefaultOwner = "local";

    private readonly ApiKeyStore store;
    private readonly ProtocolDatabase? owned;

    internal ApiKeys(ApiKeyStore store) => this.store = store;

    private ApiKeys(ProtocolDatabase owned)
        : this(new ApiKeyStore(owned)) => this.owned = owned;

    /// <summary>The keys of a database, for tools that run beside the server. The database has the schema of this build.</summary>
    public static ApiKeys Connect(string connectionString) => new(new ProtocolDatabase(connectionString));

    /// <summary>Makes a key.</summary>
    /// <param name="owner">Whose data it opens.</param>
    /// <param name="scopes">What it may do, of <see cref="AccessScopes.All"/>.</param>
    /// <param name="name">What it is for.</param>
    /// <param name="expiresAt">From when on it opens nothing; null for never.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The key with its secret, which is not stored and cannot be shown again.</returns>
    /// <exception cref="ArgumentException">No owner, no scope, or one that does not exist.</exception>
    public async Task<NewApiKey> CreateAsync(
        string owner, IReadOnlyCollection<string> scopes, string? name, DateTimeOffset? expiresAt, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(owner);
        if (scopes.Count == 0 || scopes.Except(AccessScopes.All).Any())
        {
            throw new ArgumentException($"Scopes are {string.Join(", ", AccessScopes.All)}.", nameof(scopes));
        }

        var (prefix, secret) = KeyText.Mint();
        var row = await store.CreateAsync(
            new ApiKeyRow
            {
                Id = Guid.CreateVersion7(),
                Owner = owner,
                Prefix = prefix,
                Hash = KeyText.Hash(secret),
                Scopes = string.Join(' ', AccessScopes.All.Intersect(scopes)),
                Name = name,
                ExpiresAt = expiresAt?.UtcDateTime,
            },
            cancellationToken);
        return new NewApiKey(ApiKey.Of(row), secret);
    }

    /// <summary>All keys, oldest first, also those that were revoked or have expired.</summary>
    public async Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken) =>
        [.. (await store.ListAsync(cancellationToken)).Select(ApiKey.Of)];

    /// <summary>Ends a key.</summary>
    /// <param name="idOrPrefix">Its id, or the part of it that people may see.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <returns>The key; null when there is none, or it was revoked before.</returns>
    public async Task<ApiKey?> RevokeAsync(string idOrPrefix, CancellationToken cancellationToken) =>
        await store.RevokeAsync(idOrPrefix, cancellationToken) is { } row ? ApiKey.Of(row) : null;

    /// <inheritdoc />
    public ValueTask DisposeAsync() => owned?.DisposeAsync() ?? ValueTask.CompletedTask;
}
