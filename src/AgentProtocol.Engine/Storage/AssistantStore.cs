using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>What a version of an assistant says.</summary>
/// <param name="GraphId">The agent.</param>
/// <param name="Name">The name.</param>
/// <param name="Description">The description.</param>
/// <param name="Config">The configuration.</param>
/// <param name="Context">The context.</param>
/// <param name="Metadata">The metadata.</param>
/// <param name="Filter">The searchable copy of the metadata; null when it is empty.</param>
internal sealed record AssistantContent(
    string GraphId, string Name, string? Description, string Config, string Context, string Metadata, string? Filter);

/// <summary>Reads and writes single assistants. Every change of one is made under the lock of its row.</summary>
internal sealed class AssistantStore(ProtocolDatabase database)
{
    private const string Columns =
        """
        a.graph_id, a.name, a.description, a.config, a.context, a.metadata, a.filter::text, a.version, a.last_version, a.created_at, a.updated_at
        """;

    private const string ReadSql = $"select {Columns} from assistants a where a.owner = $1 and a.assistant_id = $2";

    private const string CreateSql =
        $"""
        with a as (
            insert into assistants (owner, assistant_id, graph_id, name, description, config, context, metadata, filter, version, last_version,
                                    created_at, updated_at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9::jsonb, 1, 1, coalesce($10, now()), coalesce($10, now()))
            on conflict do nothing
            returning *),
        version as (
            insert into assistant_versions (owner, assistant_id, version, graph_id, name, description, config, context, metadata, filter, created_at)
            select owner, assistant_id, 1, graph_id, name, description, config, context, metadata, filter, created_at from a)
        select {Columns} from a
        """;

    private const string ChangeSql =
        $"""
        with a as (
            update assistants
            set graph_id = $3, name = $4, description = $5, config = $6, context = $7, metadata = $8, filter = $9::jsonb,
                version = last_version + 1, last_version = last_version + 1, updated_at = now()
            where owner = $1 and assistant_id = $2
            returning *),
        version as (
            insert into assistant_versions (owner, assistant_id, version, graph_id, name, description, config, context, metadata, filter)
            select owner, assistant_id, version, graph_id, name, description, config, context, metadata, filter from a)
        select {Columns} from a
        """;

    private const string ReturnToSql =
        $"""
        with a as (
            update assistants a
            set version = v.version, graph_id = v.graph_id, name = v.name, description = v.description, config = v.config, context = v.context,
                metadata = v.metadata, filter = v.filter, updated_at = now()
            from assistant_versions v
            where a.owner = $1 and a.assistant_id = $2 and v.owner = $1 and v.assistant_id = $2 and v.version = $3
            returning a.*)
        select {Columns} from a
        """;

    private const string DeleteSql = "delete from assistants where owner = $1 and assistant_id = $2";

    /// <summary>A statement of its own: the one that waited for a change of the assistant does not see the version that the change has made.</summary>
    private const string DeleteVersionsSql = "delete from assistant_versions where owner = $1 and assistant_id = $2";

    /// <summary>An assistant, if this owner has created or edited it.</summary>
    public async Task<AssistantRow?> ReadAsync(string owner, Guid assistantId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await ReadAsync(connection, ReadSql, owner, assistantId, cancellationToken);
    }

    /// <summary>Stores an assistant as version 1; null when the owner has one with this id.</summary>
    public async Task<AssistantRow?> CreateAsync(
        string owner, Guid assistantId, AssistantContent content, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await CreateAsync(connection, owner, assistantId, content, createdAt: null, cancellationToken);
    }

    /// <summary>Makes a new version with the next number that was never used; null when there is no such assistant.</summary>
    /// <param name="owner">The owner.</param>
    /// <param name="assistantId">The assistant.</param>
    /// <param name="original">What becomes version 1 when the owner has never edited this assistant; null when it is not one of the server's.</param>
    /// <param name="change">Makes the new version of the one in force.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<AssistantRow?> ChangeAsync(
        string owner, Guid assistantId, AssistantRow? original, Func<AssistantRow, AssistantContent> change, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var row = await LockAsync(connection, owner, assistantId, cancellationToken);
        if (row is null && original is not null)
        {
            // Of two first edits at once, one finds the row of the other.
            await CreateAsync(connection, owner, assistantId, ContentOf(original), original.CreatedAt, cancellationToken);
            row = await LockAsync(connection, owner, assistantId, cancellationToken);
        }

        if (row is null)
        {
            return null;
        }

        await using var command = With(new NpgsqlCommand(ChangeSql, connection), owner, assistantId, change(row));
        var changed = await ReadAsync(command, owner, assistantId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return changed;
    }

    /// <summary>Puts an earlier version in force; null when there is none of that number.</summary>
    public async Task<AssistantRow?> ReturnToAsync(string owner, Guid assistantId, int version, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ReturnToSql, connection).With(owner).With(assistantId).With(version);
        return await ReadAsync(command, owner, assistantId, cancellationToken);
    }

    /// <summary>Deletes an assistant with its versions; false when there is none.</summary>
    public async Task<bool> DeleteAsync(string owner, Guid assistantId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var delete = new NpgsqlCommand(DeleteSql, connection).With(owner).With(assistantId);
        if (await delete.ExecuteNonQueryAsync(cancellationToken) == 0)
        {
            return false;
        }

        await using var deleteVersions = new NpgsqlCommand(DeleteVersionsSql, connection).With(owner).With(assistantId);
        await deleteVersions.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    public static AssistantContent ContentOf(AssistantRow row) =>
        new(row.GraphId, row.Name, row.Description, row.Config, row.Context, row.Metadata, row.Filter?.GetRawText());

    private static Task<AssistantRow?> LockAsync(
        NpgsqlConnection connection, string owner, Guid assistantId, CancellationToken cancellationToken) =>
        ReadAsync(connection, ReadSql + " for update", owner, assistantId, cancellationToken);

    private static async Task<AssistantRow?> CreateAsync(
        NpgsqlConnection connection, string owner, Guid assistantId, AssistantContent content, DateTime? createdAt, CancellationToken cancellationToken)
    {
        await using var command = With(new NpgsqlCommand(CreateSql, connection), owner, assistantId, content)
            .With(createdAt, NpgsqlDbType.TimestampTz);
        return await ReadAsync(command, owner, assistantId, cancellationToken);
    }

    private static NpgsqlCommand With(NpgsqlCommand command, string owner, Guid assistantId, AssistantContent content) => command
        .With(owner).With(assistantId).With(content.GraphId).With(content.Name).With(content.Description).With(content.Config)
        .With(content.Context).With(content.Metadata).With(content.Filter);

    private static async Task<AssistantRow?> ReadAsync(
        NpgsqlConnection connection, string sql, string owner, Guid assistantId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection).With(owner).With(assistantId);
        return await ReadAsync(command, owner, assistantId, cancellationToken);
    }

    private static async Task<AssistantRow?> ReadAsync(
        NpgsqlCommand command, string owner, Guid assistantId, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        return new AssistantRow
        {
            Owner = owner,
            AssistantId = assistantId,
            GraphId = reader.GetString(0),
            Name = reader.GetString(1),
            Description = reader.GetText(2),
            Config = reader.GetString(3),
            Context = reader.GetString(4),
            Metadata = reader.GetString(5),
            Filter = reader.GetText(6) is { } filter ? State.JsonText.Parse(filter) : null,
            Version = reader.GetInt32(7),
            LastVersion = reader.GetInt32(8),
            CreatedAt = reader.GetDateTime(9),
            UpdatedAt = reader.GetDateTime(10),
        };
    }
}
