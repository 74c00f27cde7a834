using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>What time brings about in the queue: each a conditional statement that any number of nodes may run at once.</summary>
internal static class RunMaintenance
{
    private const string WakeDueSql =
        """
        with due as (select run_id from run_work where state = 1 and available_at <= now() order by run_id for no key update skip locked)
        update run_work w set state = 2, available_at = now() from due where w.run_id = due.run_id
        """;

    private const string ExpireSql =
        """
        with late as (
            select run_id from run_work where state = 3 and coalesce(settle, 'steer') = 'steer' and deadline_at <= now() - interval '2 seconds'
            order by run_id for no key update skip locked)
        update run_work w set settle = 'timeout', settle_reason = 'The run exceeded its time limit', signal_no = signal_no + 1
        from late where w.run_id = late.run_id
        """;

    private const string KeepAttachedSql =
        "update run_work set disconnect_at = null where run_id = any($1) and disconnect_at is not null";

    private const string TakeDisconnectedSql =
        """
        with gone as (
            select run_id from run_work where disconnect_at <= now() and settle is null
            order by disconnect_at limit 100 for no key update skip locked)
        update run_work w set disconnect_at = now() + interval '5 seconds' from gone where w.run_id = gone.run_id
        returning w.run_id
        """;

    /// <summary>No create is in flight for such a node: it would hold a share lock on the row that is not there.</summary>
    private const string RecoverOrphansSql =
        """
        with lost as (
            select run_id from run_work w where state = 3 and not exists (select from nodes n where n.id = w.node)
            order by run_id for no key update skip locked)
        update run_work w
        set state = 2, node = null, fence = fence + 1, losses = losses + 1, priority = -1, available_at = now()
        from lost where w.run_id = lost.run_id
        """;

    /// <summary>Runs that have outlived the run that has started them, or are about to. A parent that stops at its next checkpoint still needs them.</summary>
    private const string SelectLeftChildrenSql =
        """
        select w.run_id from run_work w left join run_work p on p.run_id = w.parent_run_id
        where w.parent_run_id is not null and (w.settle is null or w.settle = 'steer')
          and (p.run_id is null or (p.settle is not null and p.settle <> 'steer'))
        limit 100
        """;

    private const string SelectStrandedSql =
        """
        select distinct thread_id from run_work w
        where state = 0 and not exists (select from run_work other where other.thread_id = w.thread_id and other.state > 0)
        limit 100
        """;

    private const string LockFreeHeadSql =
        "select 1 from thread_heads where thread_id = $1 and active_run is null for no key update";

    /// <summary>Delayed runs whose time has come.</summary>
    public static Task<int> WakeDueAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, WakeDueSql, cancellationToken);

    /// <summary>Running runs out of time whose executor has not noticed.</summary>
    public static Task<int> ExpireAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, ExpireSql, cancellationToken);

    /// <summary>Running work whose node has no row.</summary>
    public static Task<int> RecoverOrphansAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ExecuteAsync(connection, RecoverOrphansSql, cancellationToken);

    /// <summary>Runs that have a reader again, or still.</summary>
    public static async Task KeepAttachedAsync(NpgsqlConnection connection, IReadOnlyList<Guid> attached, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(KeepAttachedSql, connection).WithColumn(attached, NpgsqlDbType.Uuid, run => run);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes the runs whose reader has been gone for too long. Each comes back after a while, unless it was told to stop by then.</summary>
    public static Task<IReadOnlyList<Guid>> TakeDisconnectedAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ReadIdsAsync(connection, TakeDisconnectedSql, cancellationToken);

    /// <summary>Children whose parent has ended, or was told to stop.</summary>
    public static Task<IReadOnlyList<Guid>> FindLeftChildrenAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        ReadIdsAsync(connection, SelectLeftChildrenSql, cancellationToken);

    /// <summary>Gives free threads with waiting runs to the run that waits longest.</summary>
    public static async Task<int> PromoteStrandedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var promoted = 0;
        foreach (var threadId in await ReadIdsAsync(connection, SelectStrandedSql, cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var lockHead = new NpgsqlCommand(LockFreeHeadSql, connection).With(threadId);
            if (await lockHead.ExecuteScalarAsync(cancellationToken) is not null
                && await ThreadSettlement.PromoteAsync(connection, threadId, cancellationToken) is not null)
            {
                promoted++;
            }

            await transaction.CommitAsync(cancellationToken);
        }

        return promoted;
    }

    private static async Task<IReadOnlyList<Guid>> ReadIdsAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> ids = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }

    private static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
