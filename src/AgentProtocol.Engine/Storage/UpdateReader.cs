using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads what callers told runs in flight.</summary>
internal sealed class UpdateReader(ProtocolDatabase database)
{
    /// <summary>Without the bodies: whoever polls a run asks what became of them, not what they say.</summary>
    private const string OfRunsSql =
        """
        select run_id, n, id, thread_id, run_no, owner, '', created_at, delivered_at from run_updates
        where run_id = any($1) order by run_id, n
        """;

    private const string ByIdSql =
        """
        select run_id, n, id, thread_id, run_no, owner, request, created_at, delivered_at from run_updates
        where id = $1 and owner = $2
        """;

    /// <summary>They are taken in their order, so that the first ones are delivered.</summary>
    private const string UntakenSql =
        """
        select run_id, n, id, thread_id, run_no, owner, request, created_at, delivered_at from run_updates
        where run_id = $1 and n > $2 and delivered_at is null order by n
        """;

    /// <summary>The updates of these runs, in their order; runs without any are left out.</summary>
    public static async Task<Dictionary<Guid, List<RunUpdateRow>>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> runIds, CancellationToken cancellationToken)
    {
        if (runIds.Count == 0)
        {
            return [];
        }

        await using var command = new NpgsqlCommand(OfRunsSql, connection).WithColumn(runIds, NpgsqlDbType.Uuid, id => id);
        return (await ReadAsync(command, cancellationToken)).GroupBy(update => update.RunId).ToDictionary(run => run.Key, run => run.ToList());
    }

    /// <summary>The same for whoever has no connection.</summary>
    public async Task<Dictionary<Guid, List<RunUpdateRow>>> ReadAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await ReadAsync(connection, runIds, cancellationToken);
    }

    /// <summary>An update, if this owner has it.</summary>
    public async Task<RunUpdateRow?> FindAsync(string owner, Guid updateId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await FindAsync(connection, owner, updateId, cancellationToken);
    }

    /// <summary>The same as a transaction sees it that decides about it.</summary>
    public static async Task<RunUpdateRow?> FindAsync(NpgsqlConnection connection, string owner, Guid updateId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ByIdSql, connection).With(updateId).With(owner);
        return await ReadAsync(command, cancellationToken) is [var update] ? update : null;
    }

    /// <summary>The updates behind a number that the run has not taken.</summary>
    public async Task<IReadOnlyList<RunUpdateRow>> ReadUntakenAsync(Guid runId, int after, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(UntakenSql, connection).With(runId).With(after);
        return await ReadAsync(command, cancellationToken);
    }

    private static async Task<List<RunUpdateRow>> ReadAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        List<RunUpdateRow> updates = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            updates.Add(new RunUpdateRow
            {
                RunId = reader.GetGuid(0),
                N = reader.GetInt32(1),
                Id = reader.GetGuid(2),
                ThreadId = reader.GetGuid(3),
                RunNo = reader.GetInt64(4),
                Owner = reader.GetString(5),
                Request = reader.GetString(6),
                CreatedAt = reader.GetDateTime(7),
                DeliveredAt = reader.GetNullable<DateTime>(8),
            });
        }

        return updates;
    }
}
