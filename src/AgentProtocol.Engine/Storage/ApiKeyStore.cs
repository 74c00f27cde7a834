using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads and writes keys. They belong to whoever runs the server, so that none of these statements takes an owner.</summary>
internal sealed class ApiKeyStore(ProtocolDatabase database)
{
    private const string Columns = "k.id, k.owner, k.prefix, k.hash, k.scopes, k.name, k.created_at, k.expires_at, k.revoked_at, k.last_used_at";

    private const string CreateSql =
        """
        insert into api_keys (id, owner, prefix, hash, scopes, name, expires_at) values ($1, $2, $3, $4, $5, $6, $7)
        returning created_at
        """;

    private const string ListSql = $"select {Columns} from api_keys k order by k.created_at, k.id";

    /// <summary>One row at least, which says whether there has ever been a key. Expiry is judged by the database's clock, as on every node.</summary>
    private const string UsableSql =
        $"""
        select {Columns}, coalesce(k.last_used_at > now() - interval '1 minute', false)
        from (select exists (select from api_keys) as any_key) a
        left join api_keys k on k.revoked_at is null and (k.expires_at is null or k.expires_at > now())
        where a.any_key
        """;

    private const string RevokeSql =
        $"update api_keys k set revoked_at = now() where (k.prefix = $1 or k.id::text = $1) and k.revoked_at is null returning {Columns}";

    private const string TouchSql =
        "update api_keys set last_used_at = now() where id = $1 and (last_used_at is null or last_used_at < now() - interval '1 minute')";

    /// <summary>Stores a key and gives it back with its time.</summary>
    public async Task<ApiKeyRow> CreateAsync(ApiKeyRow key, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(CreateSql, connection)
            .With(key.Id).With(key.Owner).With(key.Prefix).With(key.Hash, NpgsqlDbType.Bytea).With(key.Scopes).With(key.Name)
            .With(key.ExpiresAt, NpgsqlDbType.TimestampTz);
        var createdAt = (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
        return new ApiKeyRow
        {
            Id = key.Id,
            Owner = key.Owner,
            Prefix = key.Prefix,
            Hash = key.Hash,
            Scopes = key.Scopes,
            Name = key.Name,
            CreatedAt = createdAt,
            ExpiresAt = key.ExpiresAt,
        };
    }

    /// <summary>All keys, oldest first, with those that are of no use any more.</summary>
    public async Task<IReadOnlyList<ApiKeyRow>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ListSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<ApiKeyRow> keys = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            keys.Add(Read(reader));
        }

        return keys;
    }

    /// <summary>The keys that open something now. Null when there has never been one.</summary>
    public async Task<IReadOnlyList<UsableKey>?> ReadUsableAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(UsableSql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<UsableKey>? keys = null;
        while (await reader.ReadAsync(cancellationToken))
        {
            keys ??= [];
            if (!reader.IsDBNull(0))
            {
                keys.Add(new UsableKey(Read(reader), reader.GetBoolean(10)));
            }
        }

        return keys;
    }

    /// <summary>Ends a key at once. Null when no key that still counts has this id or prefix.</summary>
    public async Task<ApiKeyRow?> RevokeAsync(string idOrPrefix, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(RevokeSql, connection).With(idOrPrefix);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>Notes that a key was used, unless that was noted within the last minute.</summary>
    public async Task TouchAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(TouchSql, connection).With(id);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static ApiKeyRow Read(NpgsqlDataReader reader) => new()
    {
        Id = reader.GetGuid(0),
        Owner = reader.GetString(1),
        Prefix = reader.GetString(2),
        Hash = reader.GetFieldValue<byte[]>(3),
        Scopes = reader.GetString(4),
        Name = reader.GetText(5),
        CreatedAt = reader.GetDateTime(6),
        ExpiresAt = reader.GetNullable<DateTime>(7),
        RevokedAt = reader.GetNullable<DateTime>(8),
        LastUsedAt = reader.GetNullable<DateTime>(9),
    };
}

/// <summary>A key that opens something.</summary>
/// <param name="Row">The key.</param>
/// <param name="UsedJustNow">Whether its last use is noted to the minute.</param>
internal sealed record UsableKey(ApiKeyRow Row, bool UsedJustNow);
