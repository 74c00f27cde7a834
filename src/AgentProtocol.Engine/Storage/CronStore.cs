using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>A cron whose moment has come, taken by this node for a while.</summary>
/// <param name="Cron">The cron, with the ids reserved for its run.</param>
/// <param name="Now">The database's time when it was taken.</param>
internal sealed record CronFiringRow(CronRow Cron, DateTime Now);

/// <summary>Writes crons, and hands out those that are due. Whether one is due is decided by the database's clock.</summary>
internal sealed class CronStore(ProtocolDatabase database)
{
    private const string Columns =
        """
        c.cron_id, c.owner, c.assistant_id, c.thread_id, c.on_run_completed, c.schedule, c.timezone, c.end_time, c.enabled,
        c.payload, c.metadata, c.created_at, c.updated_at, c.next_run_date, c.firing_run, c.firing_thread
        """;

    /// <summary>The share lock makes a delete of the thread wait; the delete then sees the cron and takes it along.</summary>
    private const string InsertSql =
        $"""
        with thread as (
            select h.thread_id from thread_heads h join threads t using (thread_id)
            where h.thread_id = $4 and h.owner = $2 and not t.temporary for key share of h),
        c as (
            insert into crons (cron_id, owner, assistant_id, thread_id, on_run_completed, schedule, timezone, end_time, enabled,
                               payload, metadata, filter, next_run_date)
            select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::jsonb, $13
            where $4 is null or exists (select from thread)
            returning *)
        select {Columns} from c
        """;

    private const string LockSql = $"select {Columns}, now() from crons c where c.cron_id = $1 and c.owner = $2 for no key update";

    /// <summary>A changed schedule ($11) takes back what was reserved under the old one.</summary>
    private const string UpdateSql =
        $"""
        update crons c
        set assistant_id = $2, on_run_completed = $3, schedule = $4, timezone = $5, end_time = $6, enabled = $7, payload = $8,
            metadata = $9, filter = $10::jsonb, updated_at = now(),
            next_run_date = case when $11 then $12 else c.next_run_date end,
            firing_run = case when $11 then null else c.firing_run end,
            firing_thread = case when $11 then null else c.firing_thread end,
            firing_until = case when $11 then null else c.firing_until end
        where c.cron_id = $1
        returning {Columns}
        """;

    /// <summary>
    /// Takes due crons that no node has, or whose node did not come back in time. The ids of the run are kept from one
    /// taking to the next: only the first mints them.
    /// </summary>
    private const string TakeDueSql =
        $"""
        with due as (
            select cron_id from crons where next_run_date <= now() and (firing_until is null or firing_until <= now())
            order by next_run_date limit $1 for no key update skip locked),
        numbered as (select cron_id, row_number() over () as n from due)
        update crons c
        set firing_run = coalesce(c.firing_run, ($2::uuid[])[n]), firing_thread = coalesce(c.firing_thread, ($3::uuid[])[n]),
            firing_until = now() + $4
        from numbered where c.cron_id = numbered.cron_id
        returning {Columns}, now()
        """;

    private const string CompleteSql =
        """
        update crons set next_run_date = $3, firing_run = null, firing_thread = null, firing_until = null
        where cron_id = $1 and firing_run = $2
        """;

    /// <summary>The database's time.</summary>
    public async Task<DateTime> ReadNowAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select now()", connection);
        return (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Stores a cron; null when its thread does not exist.</summary>
    public async Task<CronRow?> InsertAsync(CronRow cron, string? filter, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(InsertSql, connection)
            .With(cron.CronId).With(cron.Owner).With(cron.AssistantId).With(cron.ThreadId, NpgsqlDbType.Uuid).With(cron.OnRunCompleted)
            .With(cron.Schedule).With(cron.Timezone).With(cron.EndTime, NpgsqlDbType.TimestampTz).With(cron.Enabled).With(cron.Payload)
            .With(cron.Metadata).With(filter).With(cron.NextRunDate, NpgsqlDbType.TimestampTz);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    /// <summary>Changes a cron under its lock.</summary>
    /// <param name="owner">Whose it must be.</param>
    /// <param name="cronId">Which one.</param>
    /// <param name="change">Makes the new row of the old one and the database's time, and says whether it is due at other times.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The new row; null when this owner has no such cron.</returns>
    public async Task<CronRow?> UpdateAsync(
        string owner, Guid cronId, Func<CronRow, DateTime, (CronRow Row, string? Filter, bool IsRescheduled)> change, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        CronRow before;
        DateTime now;
        await using (var command = new NpgsqlCommand(LockSql, connection).With(cronId).With(owner))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                return null;
            }

            (before, now) = (Read(reader), reader.GetDateTime(reader.FieldCount - 1));
        }

        var (row, filter, isRescheduled) = change(before, now);
        CronRow after;
        await using (var command = new NpgsqlCommand(UpdateSql, connection)
            .With(cronId).With(row.AssistantId).With(row.OnRunCompleted).With(row.Schedule).With(row.Timezone)
            .With(row.EndTime, NpgsqlDbType.TimestampTz).With(row.Enabled).With(row.Payload).With(row.Metadata).With(filter)
            .With(isRescheduled).With(row.NextRunDate, NpgsqlDbType.TimestampTz))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            after = Read(reader);
        }

        await transaction.CommitAsync(cancellationToken);
        return after;
    }

    /// <summary>Deletes a cron; false when this owner has no such one.</summary>
    public async Task<bool> DeleteAsync(string owner, Guid cronId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("delete from crons where cron_id = $1 and owner = $2", connection).With(cronId).With(owner);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>Takes crons that are due, for as long as <paramref name="lease"/>.</summary>
    public async Task<IReadOnlyList<CronFiringRow>> TakeDueAsync(int atMost, TimeSpan lease, CancellationToken cancellationToken)
    {
        var ids = Enumerable.Range(0, atMost).ToArray();
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(TakeDueSql, connection)
            .With(atMost)
            .WithColumn(ids, NpgsqlDbType.Uuid, _ => Guid.CreateVersion7())
            .WithColumn(ids, NpgsqlDbType.Uuid, _ => Guid.CreateVersion7())
            .With(lease);
        List<CronFiringRow> due = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            due.Add(new CronFiringRow(Read(reader), reader.GetDateTime(reader.FieldCount - 1)));
        }

        return due;
    }

    /// <summary>Ends a firing; does nothing when the cron was changed, or ended by another node, meanwhile.</summary>
    public async Task CompleteAsync(Guid cronId, Guid firingRun, DateTime? next, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(CompleteSql, connection).With(cronId).With(firingRun).With(next, NpgsqlDbType.TimestampTz);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static CronRow Read(NpgsqlDataReader reader) => new()
    {
        CronId = reader.GetGuid(0),
        Owner = reader.GetString(1),
        AssistantId = reader.GetGuid(2),
        ThreadId = reader.GetNullable<Guid>(3),
        OnRunCompleted = reader.GetString(4),
        Schedule = reader.GetString(5),
        Timezone = reader.GetText(6),
        EndTime = reader.GetNullable<DateTime>(7),
        Enabled = reader.GetBoolean(8),
        Payload = reader.GetString(9),
        Metadata = reader.GetString(10),
        CreatedAt = reader.GetDateTime(11),
        UpdatedAt = reader.GetDateTime(12),
        NextRunDate = reader.GetNullable<DateTime>(13),
        FiringRun = reader.GetNullable<Guid>(14),
        FiringThread = reader.GetNullable<Guid>(15),
    };
}
