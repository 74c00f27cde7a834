using AgentProtocol.Contracts.Errors;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Ids reserved under an idempotency key, before anything with these ids is stored.</summary>
/// <param name="RunId">The run to create; null when the request creates a thread.</param>
/// <param name="ThreadId">The thread to create, or the thread of the run.</param>
internal sealed record KeyReservation(Guid? RunId, Guid ThreadId);

/// <summary>
/// Gives a request and its repetitions the same ids. Which of them creates is decided by the primary keys of runs and threads.
/// </summary>
internal sealed class KeyReservations(ProtocolDatabase database)
{
    /// <summary>
    /// The ids of the first request with the key. A thread that exists while nobody has reserved its id was created without
    /// the key: it is not reserved, or a repetition would take it for its own.
    /// </summary>
    private const string ReserveSql =
        """
        with reserved as (
            insert into idempotency_keys (owner, key, item, kind, hash, run_id, thread_id)
            select $1, $2, $3, case when $5::uuid is null then 'thread' else 'run' end, $4, $5, $6
            where $5 is not null or not exists (select from threads where thread_id = $6)
            on conflict do nothing
            returning hash, run_id, thread_id)
        select hash, run_id, thread_id from reserved
        union all
        select hash, run_id, thread_id from idempotency_keys where owner = $1 and key = $2 and item = $3
        """;

    private const string DeleteExpiredSql =
        """
        delete from idempotency_keys where ctid = any(array(
            select ctid from idempotency_keys where created_at < now() - $1 order by created_at limit $2 for update skip locked))
        """;

    /// <summary>A statement that waited for another request's insert does not see its row; the next one does.</summary>
    private const int MaxTries = 3;

    /// <summary>Reserves ids under a key, or reads those that were reserved before.</summary>
    /// <returns>The ids to use; null when a thread with this id exists without the key.</returns>
    /// <exception cref="ProtocolException">The key was used with another request.</exception>
    public async Task<KeyReservation?> ReserveAsync(
        string owner, IdempotencyKey key, Guid? runId, Guid threadId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        for (var tries = 0; tries < MaxTries; tries++)
        {
            await using var command = new NpgsqlCommand(ReserveSql, connection)
                .With(owner).With(key.Value).With(key.Item).With(key.RequestHash.ToArray(), NpgsqlDbType.Bytea)
                .With(runId, NpgsqlDbType.Uuid).With(threadId);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            if (await reader.ReadAsync(cancellationToken))
            {
                return key.RequestHash.Span.SequenceEqual(reader.GetFieldValue<byte[]>(0))
                    ? new KeyReservation(reader.GetNullable<Guid>(1), reader.GetGuid(2))
                    : throw ProtocolException.InvalidHeader(IdempotencyKey.Header, "was used before with another request: another route, thread or body");
            }
        }

        return null;
    }

    /// <summary>Forgets some keys that are older than the retention.</summary>
    public static async Task<int> DeleteExpiredAsync(
        NpgsqlConnection connection, TimeSpan retention, int atMost, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(DeleteExpiredSql, connection).With(retention).With(atMost);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
