using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Removes threads with all that belongs to them. Executions notice at their next write that their work is gone.</summary>
internal static class ThreadRemoval
{
    private const string LockHeadsSql =
        "select thread_id from thread_heads where thread_id = any($1) order by thread_id for update";

    /// <summary>Waits for pages on their way: a statement that began before their commit would leave them behind.</summary>
    private const string LockWorkSql = "select run_id from run_work where thread_id = any($1) order by run_id for update";

    /// <summary>
    /// The threads of runs that the deleted ones (<c>run</c>) have started: nobody finds them any more, and retention removes them
    /// and, in turn, what their runs have started.
    /// </summary>
    internal const string DisposeOfChildren =
        """
        orphan as (
            update threads t set temporary = true from run join runs child on child.parent_run_id = run.run_id
            where t.thread_id = child.thread_id and not t.temporary and t.thread_id not in (select thread_id from run))
        """;

    private const string DeleteSql =
        $"""
        with work as (delete from run_work where thread_id = any($1)),
        run as (delete from runs where thread_id = any($1) returning run_id, thread_id),
        {DisposeOfChildren},
        event as (delete from run_events e using run where e.run_id = run.run_id),
        told as (delete from run_updates u using run where u.run_id = run.run_id),
        checkpoint as (delete from checkpoints where thread_id = any($1)),
        pause as (delete from pauses where thread_id = any($1)),
        known as (delete from checkpoint_runs where thread_id = any($1)),
        cron as (delete from crons where thread_id = any($1)),
        key as (delete from idempotency_keys where thread_id = any($1)),
        head as (delete from thread_heads where thread_id = any($1)),
        thread as (delete from threads where thread_id = any($1))
        select run_id from run
        """;

    private const string SelectExpiredSql =
        """
        select h.thread_id from threads t join thread_heads h using (thread_id)
        where t.temporary and h.active_run is null and t.created_at < now() - $1 and h.updated_at < now() - $1
          and not exists (select from idempotency_keys k where k.thread_id = t.thread_id)
        order by t.created_at limit $2
        for update of h skip locked
        """;

    /// <summary>The moment at which a thread has outlived its time to live, counted from its last change; at most a hundred years.</summary>
    private const string Expiry = "h.updated_at + make_interval(secs => least(((t.ttl::json)->>'ttl')::double precision, 52560000) * 60)";

    /// <summary>
    /// Threads that it is time to look at. Those that live on are looked at again when they would expire without another
    /// change, so that each is looked at about once in its time to live; those with a run after a minute.
    /// </summary>
    private const string LookAtExpiringSql =
        $"""
        with due as (
            select thread_id from threads where ttl is not null and coalesce(look_at, '-infinity') <= now()
            order by coalesce(look_at, '-infinity') limit $1 for no key update skip locked),
        seen as (
            select t.thread_id, h.active_run is null and {Expiry} <= now() as outlived,
                   case when h.active_run is null then {Expiry} else greatest({Expiry}, now() + interval '1 minute') end as expires_at
            from due join threads t using (thread_id) join thread_heads h using (thread_id)),
        later as (
            update threads t set look_at = seen.expires_at from seen where t.thread_id = seen.thread_id and not seen.outlived)
        select thread_id, outlived from seen
        """;

    /// <summary>A head that somebody holds is being changed, and lives on.</summary>
    private const string LockOutlivedSql =
        $"""
        select h.thread_id from thread_heads h join threads t using (thread_id)
        where h.thread_id = any($1) and h.active_run is null and t.ttl is not null and {Expiry} <= now()
        order by h.thread_id for update of h skip locked
        """;

    private const string LockDisposedSql =
        "select 1 from thread_heads where thread_id = $1 and owner = $2 and disposable and active_run is null for update";

    /// <summary>Deletes a thread that nobody finds any more, because a run asked for its deletion. False when it is not such a thread.</summary>
    public static async Task<bool> DeleteDisposedAsync(
        NpgsqlConnection connection, string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var lockHead = new NpgsqlCommand(LockDisposedSql, connection).With(threadId).With(owner);
        if (await lockHead.ExecuteScalarAsync(cancellationToken) is null)
        {
            return false;
        }

        await DeleteLockedAsync(connection, [threadId], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    /// <summary>Deletes threads, in the lock order of everybody else: heads, then work.</summary>
    /// <returns>The runs that were deleted with them.</returns>
    public static async Task<IReadOnlyList<Guid>> DeleteAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> threadIds, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var lockHeads = new NpgsqlCommand(LockHeadsSql, connection).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id))
        {
            await lockHeads.ExecuteNonQueryAsync(cancellationToken);
        }

        var runs = await DeleteLockedAsync(connection, threadIds, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return runs;
    }

    private static async Task<IReadOnlyList<Guid>> DeleteLockedAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> threadIds, CancellationToken cancellationToken)
    {
        await using (var lockWork = new NpgsqlCommand(LockWorkSql, connection).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id))
        {
            await lockWork.ExecuteNonQueryAsync(cancellationToken);
        }

        List<Guid> runs = [];
        await using (var delete = new NpgsqlCommand(DeleteSql, connection).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id))
        await using (var reader = await delete.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                runs.Add(reader.GetGuid(0));
            }
        }

        return runs;
    }

    /// <summary>Deletes some threads of stateless runs that ended longer ago than the retention.</summary>
    public static async Task<int> DeleteExpiredAsync(
        NpgsqlConnection connection, TimeSpan retention, int atMost, CancellationToken cancellationToken)
    {
        // Locked from the look to the delete: a client may start another run on such a thread.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        List<Guid> expired = [];
        await using (var command = new NpgsqlCommand(SelectExpiredSql, connection).With(retention).With(atMost))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                expired.Add(reader.GetGuid(0));
            }
        }

        if (expired.Count > 0)
        {
            await DeleteLockedAsync(connection, expired, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return expired.Count;
    }

    /// <summary>Looks at some threads with a time to live, and deletes those that have outlived it.</summary>
    /// <returns>How many were looked at, and the runs that were deleted with theirs.</returns>
    public static async Task<(int LookedAt, IReadOnlyList<Guid> Runs)> DeleteOutlivedAsync(
        NpgsqlConnection connection, int atMost, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var lookedAt = 0;
        List<Guid> outlived = [];
        await using (var look = new NpgsqlCommand(LookAtExpiringSql, connection).With(atMost))
        await using (var reader = await look.ExecuteReaderAsync(cancellationToken))
        {
            for (; await reader.ReadAsync(cancellationToken); lookedAt++)
            {
                if (reader.GetBoolean(1))
                {
                    outlived.Add(reader.GetGuid(0));
                }
            }
        }

        IReadOnlyList<Guid> runs = [];
        if (outlived.Count > 0 && await LockOutlivedAsync(connection, outlived, cancellationToken) is { Count: > 0 } locked)
        {
            runs = await DeleteLockedAsync(connection, locked, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        return (lookedAt, runs);
    }

    private static async Task<IReadOnlyList<Guid>> LockOutlivedAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> threadIds, CancellationToken cancellationToken)
    {
        List<Guid> locked = [];
        await using var command = new NpgsqlCommand(LockOutlivedSql, connection).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            locked.Add(reader.GetGuid(0));
        }

        return locked;
    }
}
