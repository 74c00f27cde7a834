using AgentProtocol.Engine.State;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Forgets the past of threads: what stays is the current state, and what an active run still stands on.</summary>
internal static class ThreadPruning
{
    private const string LockSql =
        "select active_run, head_n, segment from thread_heads where thread_id = $1 and owner = $2 for no key update";

    /// <summary>The head becomes a segment of its own, before its segment goes.</summary>
    private const string RebaseSql =
        """
        with gone as (delete from checkpoints where thread_id = $1 and n <> $2),
        head as (
            update checkpoints set segment = n, delta = null, snapshot = $3, parent_id = null, replaced_head = null
            where thread_id = $1 and n = $2)
        update thread_heads set segment = $2 where thread_id = $1
        """;

    /// <summary>
    /// The first row that an active run stands on. Its executor goes on in the head's segment, whose numbers it has in
    /// memory; another attempt counts its checkpoints; a rollback returns to the head that its input replaced; and runs that
    /// have not begun may start from any checkpoint that they name ($3).
    /// </summary>
    private const string FirstNeededSql =
        """
        select min(c.segment) from checkpoints c
        where c.thread_id = $1
          and (c.n = (select head_n from thread_heads where thread_id = $1)
               or c.run_id = $2
               or c.id = any($3)
               or c.id in (select i.replaced_head from checkpoints i where i.thread_id = $1 and i.run_id = $2 and i.source = 'input'))
        """;

    private const string RequestsSql =
        "select r.request from run_work w join runs r using (run_id) where w.thread_id = $1";

    private const string DeleteBelowSql = "delete from checkpoints where thread_id = $1 and n < $2";

    private const string LinksSql = "select n, id, parent_id from checkpoints where thread_id = $1 order by n";

    private const string CutSql = "update checkpoints set parent_id = null where thread_id = $1 and n = any($2)";

    private const string ForgetRunsSql =
        """
        with pause as (
            delete from pauses p
            where p.thread_id = $1 and not exists (select from checkpoints c where c.thread_id = $1 and c.id = p.checkpoint_id))
        delete from checkpoint_runs k
        where k.thread_id = $1 and k.run_id <> all (array(select c.run_id from checkpoints c where c.thread_id = $1 and c.run_id is not null))
        """;

    /// <summary>Keeps the latest state of a thread. False when this owner has no such thread.</summary>
    public static async Task<bool> KeepLatestAsync(
        NpgsqlConnection connection, string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        if (await LockAsync(connection, owner, threadId, cancellationToken) is not { } head)
        {
            return false;
        }

        if (head.ActiveRun is { } run)
        {
            await CutBehindRunAsync(connection, threadId, run, cancellationToken);
        }
        else if (head.N > 0)
        {
            var state = await CheckpointReader.ReadSegmentAsync(connection, threadId, head.Segment, head.N, cancellationToken);
            await using var rebase = new NpgsqlCommand(RebaseSql, connection).With(threadId).With(head.N).With(state.State.ToJson());
            await rebase.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var forget = new NpgsqlCommand(ForgetRunsSql, connection).With(threadId);
        await forget.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private static async Task<(Guid? ActiveRun, int N, int Segment)?> LockAsync(
        NpgsqlConnection connection, string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockSql, connection).With(threadId).With(owner);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetNullable<Guid>(0), reader.GetInt32(1), reader.GetInt32(2)) : null;
    }

    private static async Task CutBehindRunAsync(NpgsqlConnection connection, Guid threadId, Guid activeRun, CancellationToken cancellationToken)
    {
        var named = await ReadNamedAsync(connection, threadId, cancellationToken);
        await using var needed = new NpgsqlCommand(FirstNeededSql, connection)
            .With(threadId).With(activeRun).WithColumn(named, NpgsqlDbType.Uuid, id => id);
        if (await needed.ExecuteScalarAsync(cancellationToken) is not int first)
        {
            return;
        }

        await using (var delete = new NpgsqlCommand(DeleteBelowSql, connection).With(threadId).With(first))
        {
            await delete.ExecuteNonQueryAsync(cancellationToken);
        }

        var orphans = await ReadOrphansAsync(connection, threadId, cancellationToken);
        await using var cut = new NpgsqlCommand(CutSql, connection).With(threadId).WithColumn(orphans, NpgsqlDbType.Integer, n => n);
        await cut.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The checkpoints that runs of the thread which have not ended want to start from.</summary>
    private static async Task<IReadOnlyList<Guid>> ReadNamedAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RequestsSql, connection).With(threadId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> named = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            if (CheckpointReference.OfRun(JsonText.Parse(reader.GetString(0))) is { } id)
            {
                named.Add(id);
            }
        }

        return named;
    }

    /// <summary>Rows whose parent is gone.</summary>
    private static async Task<IReadOnlyList<int>> ReadOrphansAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LinksSql, connection).With(threadId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<int> orphans = [];
        HashSet<Guid> seen = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            seen.Add(reader.GetGuid(1));
            if (reader.GetNullable<Guid>(2) is { } parent && !seen.Contains(parent))
            {
                orphans.Add(reader.GetInt32(0));
            }
        }

        return orphans;
    }
}
