using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Store;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads and writes the items of the store, each in one statement.</summary>
internal sealed partial class StoreItems(ProtocolDatabase database)
{
    /// <summary>Stores an item in the place of what had its name. With a fence, only while the run is the writer's.</summary>
    /// <returns>False when the fence has been raised, and nothing was stored.</returns>
    public async Task<bool> PutAsync(
        StoreKey key, string value, string? filter, double? ttl, RunFence? fence, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(fence is null ? PutSql : PutFencedSql, connection)
            .With(key.Owner).With(key.Id, NpgsqlDbType.Bytea).With(key.Namespace).With(key.Key).With(value).With(filter)
            .With(ttl, NpgsqlDbType.Double);
        if (fence is { } held)
        {
            command.With(held.RunId).With(held.Fence);
        }

        return await command.ExecuteNonQueryAsync(cancellationToken) > 0;
    }

    /// <summary>Deletes an item, if there is one. With a fence, only while the run is the writer's.</summary>
    /// <returns>False when the fence has been raised, and nothing was deleted.</returns>
    public async Task<bool> DeleteAsync(StoreKey key, RunFence? fence, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(fence is null ? DeleteSql : DeleteFencedSql, connection)
            .With(key.Owner).With(key.Id, NpgsqlDbType.Bytea);
        if (fence is not { } held)
        {
            await command.ExecuteNonQueryAsync(cancellationToken);
            return true;
        }

        command.With(held.RunId).With(held.Fence);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))! > 0;
    }

    /// <summary>Reads an item; null when this owner has none of that name.</summary>
    public async Task<Item?> ReadAsync(StoreKey key, bool refresh, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ReadSql, connection)
            .With(key.Owner).With(key.Id, NpgsqlDbType.Bytea).With(refresh);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ToWire(reader, 0) : null;
    }

    /// <summary>Finds items in and below a namespace, the latest stored first.</summary>
    public async Task<StoreItemPage> SearchAsync(string owner, StoreItemSearch search, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(SearchSql, connection)
            .With(owner).With(search.Prefix)
            .WithColumn(search.Conditions, NpgsqlDbType.Text, condition => condition.Key)
            .WithColumn(search.Conditions, NpgsqlDbType.Text, condition => condition.Operator)
            .WithColumn(search.Conditions, NpgsqlDbType.Jsonb, condition => condition.Operand)
            .With(search.Limit).With(search.Offset).With(search.Refresh).With(search.MaxBytes);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Item> items = [];
        long total = 0, bytes = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            (total, bytes) = (reader.GetInt64(0), reader.GetInt64(1));
            if (!reader.IsDBNull(4))
            {
                items.Add(ToWire(reader, 2));
            }
        }

        return new StoreItemPage(items, total, bytes);
    }

    /// <summary>Lists the namespaces that hold items.</summary>
    public async Task<IReadOnlyList<string[]>> ListNamespacesAsync(
        string owner, StoreNamespaceList list, CancellationToken cancellationToken)
    {
        // The labels before the first asterisk are what an index can look for.
        var below = StoreNamespace.Encode([.. list.Prefix.TakeWhile(label => label != "*")]);
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ListNamespacesSql, connection)
            .With(owner).With(below)
            .WithColumn(list.Prefix, NpgsqlDbType.Text, label => label)
            .WithColumn(list.Suffix, NpgsqlDbType.Text, label => label)
            .With(list.MaxDepth).With(list.Limit).With(list.Offset);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string[]> namespaces = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            namespaces.Add(reader.GetFieldValue<string[]>(0));
        }

        return namespaces;
    }

    /// <summary>Deletes items that have expired, the longest expired first. Any number of nodes may do so at once.</summary>
    /// <returns>How many; as many as the batch allows when there may be more.</returns>
    public static async Task<int> DeleteExpiredAsync(NpgsqlConnection connection, int batch, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(DeleteExpiredSql, connection).With(batch);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static Item ToWire(NpgsqlDataReader reader, int first) => new()
    {
        Namespace = StoreNamespace.Decode(reader.GetString(first)),
        Key = reader.GetString(first + 1),
        Value = new RawJson(reader.GetString(first + 2)),
        CreatedAt = reader.GetDateTime(first + 3),
        UpdatedAt = reader.GetDateTime(first + 4),
    };
}

/// <summary>Which items are wanted.</summary>
/// <param name="Prefix">The namespace they lie in or below, as <see cref="StoreNamespace"/> writes it.</param>
/// <param name="Conditions">What has to hold for their values.</param>
/// <param name="Limit">At most this many.</param>
/// <param name="Offset">Skip this many.</param>
/// <param name="Refresh">Whether the time to live of the page starts anew.</param>
/// <param name="MaxBytes">How large the values of the page may be together.</param>
internal sealed record StoreItemSearch(
    string Prefix, IReadOnlyList<StoreCondition> Conditions, int Limit, int Offset, bool Refresh, long MaxBytes);

/// <summary>A condition on a value.</summary>
/// <param name="Key">The member it is about; unused with <c>contains</c>.</param>
/// <param name="Operator"><c>contains</c>, <c>eq</c>, <c>ne</c>, <c>gt</c>, <c>gte</c>, <c>lt</c>, <c>lte</c>, <c>in</c> or <c>nin</c>.</param>
/// <param name="Operand">The JSON to compare with: for <c>contains</c> an object with the member.</param>
internal sealed record StoreCondition(string Key, string Operator, string Operand);

/// <summary>A page of items.</summary>
/// <param name="Items">The items; none when their values are larger than was allowed.</param>
/// <param name="Total">How many match in all.</param>
/// <param name="Bytes">How large the values of the page are together.</param>
internal sealed record StoreItemPage(IReadOnlyList<Item> Items, long Total, long Bytes);

/// <summary>Which namespaces are wanted.</summary>
/// <param name="Prefix">The labels they begin with; an asterisk stands for any.</param>
/// <param name="Suffix">The labels they end with; an asterisk stands for any.</param>
/// <param name="MaxDepth">How many labels are shown.</param>
/// <param name="Limit">At most this many.</param>
/// <param name="Offset">Skip this many.</param>
internal sealed record StoreNamespaceList(
    IReadOnlyList<string> Prefix, IReadOnlyList<string> Suffix, int MaxDepth, int Limit, int Offset);
