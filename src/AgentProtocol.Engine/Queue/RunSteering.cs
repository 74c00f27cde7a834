using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>What a caller wants to tell a run in flight.</summary>
/// <param name="Id">Minted before the first try, so that a repetition finds what was stored.</param>
/// <param name="Owner">The owner of the run.</param>
/// <param name="ThreadId">Its thread.</param>
/// <param name="RunId">The run.</param>
/// <param name="Request">The body, read like that of a run that is created.</param>
internal sealed record NewUpdate(Guid Id, string Owner, Guid ThreadId, Guid RunId, string Request);

/// <summary>An update that was accepted.</summary>
/// <param name="RunId">The run that will take it.</param>
/// <param name="NextEvent">Where the log of that run stood: all that comes of the update is behind it.</param>
/// <param name="CreatedAt">When it was accepted.</param>
/// <param name="Effects">Whom to tell after the commit.</param>
internal sealed record AcceptedUpdate(Guid RunId, long NextEvent, DateTime CreatedAt, SettlementEffects Effects);

/// <summary>Accepts updates for runs in flight. Whether a run may end is decided under the same lock, so that none comes too late unseen.</summary>
internal sealed class RunSteering(ProtocolDatabase database)
{
    private const string LockHeadSql = "select active_run from thread_heads where thread_id = $1 and owner = $2 for no key update";

    /// <summary>The head is locked, and its slot is the run's. A run that was told to stop takes nothing more.</summary>
    private const string AddSql =
        """
        with work as (
            update run_work w set updates = w.updates + 1, signal_no = w.signal_no + 1
            from runs r
            where w.run_id = $1 and r.run_id = w.run_id and w.state > 0 and w.settle is null and ($4::uuid is null or r.assistant_id = $4)
            returning w.run_id, w.thread_id, w.run_no, w.owner, w.updates, w.node, w.next_event),
        head as (update thread_heads h set untaken = h.untaken + 1 from work where h.thread_id = work.thread_id),
        added as (
            insert into run_updates (run_id, n, id, thread_id, run_no, owner, request)
            select run_id, updates, $2, thread_id, run_no, owner, $3 from work
            returning created_at)
        select work.next_event, added.created_at, work.node from work cross join added
        """;

    /// <summary>Stores an update of the run that holds its thread's slot.</summary>
    /// <returns>Null when it is another run that does, or the run is being stopped.</returns>
    public async Task<AcceptedUpdate?> AcceptAsync(NewUpdate update, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var lockHead = new NpgsqlCommand(LockHeadSql, connection).With(update.ThreadId).With(update.Owner))
        {
            if (await lockHead.ExecuteScalarAsync(cancellationToken) is not Guid active || active != update.RunId)
            {
                return null;
            }
        }

        // Under the lock: another try with the same id may have been faster.
        var accepted = await UpdateReader.FindAsync(connection, update.Owner, update.Id, cancellationToken) is { } earlier
            ? new AcceptedUpdate(earlier.RunId, 0, earlier.CreatedAt, SettlementEffects.None)
            : await AddAsync(connection, update, assistantId: null, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return accepted;
    }

    /// <summary>One step of a transaction that has found the run in the slot of the locked head.</summary>
    /// <param name="connection">The connection of the transaction.</param>
    /// <param name="update">The update.</param>
    /// <param name="assistantId">The assistant that the run must be for; null for any.</param>
    /// <param name="cancellationToken">Ends the wait for the database.</param>
    /// <returns>Null when the run is being stopped, or is for another assistant.</returns>
    public static async Task<AcceptedUpdate?> AddAsync(
        NpgsqlConnection connection, NewUpdate update, Guid? assistantId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(AddSql, connection)
            .With(update.RunId).With(update.Id).With(update.Request).With(assistantId, NpgsqlDbType.Uuid);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new AcceptedUpdate(
                update.RunId, reader.GetInt64(0), reader.GetDateTime(1),
                new SettlementEffects { Signalled = reader.GetNullable<Guid>(2) is { } node ? [(update.RunId, node)] : [] })
            : null;
    }
}
