using System.Buffers.Binary;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>The table of nodes: join, beat, observe, reap, leave. Statements of a node's own session run on its connection.</summary>
internal static class NodeRegistry
{
    private const string JoinSql = "insert into nodes (id, name, roles, capacity) values ($1, $2, $3, $4)";

    private const string SignalsSql =
        """
        select run_id, settle, coalesce(settle_reason, 'Cancelled'), updates from run_work
        where node = $1 and state = 3 and signal_no > 0 and (settle is not null or updates > 0)
        """;

    private const string StrayedSql =
        """
        select g.run_id from unnest($1, $2) as g(run_id, fence)
        where not exists (select from run_work w where w.run_id = g.run_id and w.state = 3 and w.fence = g.fence)
        """;

    private const string ClaimsSql = "select run_id, fence from run_work where node = $1 and state = 3";

    private const string RequeueSql =
        """
        with lost as (
            select w.run_id from run_work w join unnest($1, $2) as g(run_id, fence) using (run_id)
            where w.state = 3 and w.fence = g.fence order by w.run_id for no key update of w)
        update run_work w
        set state = 2, node = null, fence = w.fence + 1, priority = -1, available_at = now()
        from lost where w.run_id = lost.run_id
        """;

    /// <summary>Waits for claims in flight, which hold a share lock on the row; gives nothing when the node beat again, or another was faster.</summary>
    private const string LockDeadSql = "select 1 from nodes where id = $1 and beat = $2 for update";

    private const string ReapSql =
        """
        with lost as (select run_id from run_work where node = $1 and state = 3 order by run_id for no key update)
        update run_work w
        set state = 2, node = null, fence = fence + 1, losses = losses + 1, priority = -1, available_at = now()
        from lost where w.run_id = lost.run_id
        """;

    private const string AbandonStreamsSql =
        "update run_work set disconnect_at = now() + $2 where stream_node = $1 and disconnect_at is null";

    private const string LeaveSql = "delete from nodes where id = $1";

    public static async Task JoinAsync(NpgsqlConnection session, Guid node, string name, string roles, int capacity, CancellationToken cancellationToken)
    {
        await TryLockAsync(session, node, cancellationToken);
        await using var command = new NpgsqlCommand(JoinSql, session).With(node).With(name).With(roles).With(capacity);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes the lock that says that this node's session lives; the database frees it with the session.</summary>
    public static async Task<bool> TryLockAsync(NpgsqlConnection session, Guid node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", session).With(LockKey(node));
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Lets a session hear what is sent to a channel.</summary>
    public static async Task ListenAsync(NpgsqlConnection session, string channel, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand($"listen {channel}", session);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Says that the node lives. False when it was declared dead.</summary>
    public static async Task<bool> BeatAsync(NpgsqlConnection session, Guid node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("update nodes set beat = beat + 1 where id = $1", session).With(node);
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    /// <summary>The other nodes and their beats.</summary>
    public static async Task<IReadOnlyList<(Guid Node, long Beat)>> ReadPeersAsync(
        NpgsqlConnection session, Guid self, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select id, beat from nodes where id <> $1", session).With(self);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(Guid, long)> peers = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            peers.Add((reader.GetGuid(0), reader.GetInt64(1)));
        }

        return peers;
    }

    /// <summary>The runs of a node that were told something: what a lost hint would have said.</summary>
    public static async Task<IReadOnlyList<RunSignal>> ReadSignalsAsync(
        NpgsqlConnection connection, Guid node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SignalsSql, connection).With(node);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<RunSignal> signals = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            signals.Add(new RunSignal(reader.GetGuid(0), reader.GetText(1), reader.GetString(2), reader.GetInt32(3)));
        }

        return signals;
    }

    /// <summary>Those of the given executions whose work row is gone or has a higher fence, as after the delete of a thread.</summary>
    public static async Task<IReadOnlyList<Guid>> ReadStrayedAsync(
        NpgsqlConnection connection, IReadOnlyList<(Guid RunId, int Fence)> executions, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(StrayedSql, connection)
            .WithColumn(executions, NpgsqlTypes.NpgsqlDbType.Uuid, execution => execution.RunId)
            .WithColumn(executions, NpgsqlTypes.NpgsqlDbType.Integer, execution => execution.Fence);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> strayed = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            strayed.Add(reader.GetGuid(0));
        }

        return strayed;
    }

    /// <summary>The executions that the table gives to a node.</summary>
    public static async Task<IReadOnlyList<(Guid RunId, int Fence)>> ReadClaimsAsync(
        NpgsqlConnection connection, Guid node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ClaimsSql, connection).With(node);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(Guid, int)> claims = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            claims.Add((reader.GetGuid(0), reader.GetInt32(1)));
        }

        return claims;
    }

    /// <summary>Puts executions back that nobody carries out.</summary>
    public static async Task RequeueAsync(
        NpgsqlConnection connection, IReadOnlyList<(Guid RunId, int Fence)> executions, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RequeueSql, connection)
            .WithColumn(executions, NpgsqlTypes.NpgsqlDbType.Uuid, execution => execution.RunId)
            .WithColumn(executions, NpgsqlTypes.NpgsqlDbType.Integer, execution => execution.Fence);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Whether a node's session is gone: its lock can be had.</summary>
    public static async Task<bool> IsUnlockedAsync(NpgsqlConnection session, Guid node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_xact_lock_shared($1)", session).With(LockKey(node));
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Takes the runs of a dead node away from it. Ends none: that is the business of whoever claims them.</summary>
    /// <returns>How many runs were recovered; null when the node lives, or another node was faster.</returns>
    public static async Task<int?> ReapAsync(
        NpgsqlConnection connection, Guid node, long seenBeat, TimeSpan disconnectGrace, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var lockDead = new NpgsqlCommand(LockDeadSql, connection).With(node).With(seenBeat))
        {
            if (await lockDead.ExecuteScalarAsync(cancellationToken) is null)
            {
                return null;
            }
        }

        await using var reap = new NpgsqlCommand(ReapSql, connection).With(node);
        var recovered = await reap.ExecuteNonQueryAsync(cancellationToken);
        await using var streams = new NpgsqlCommand(AbandonStreamsSql, connection).With(node).With(disconnectGrace);
        await streams.ExecuteNonQueryAsync(cancellationToken);
        await LeaveAsync(connection, node, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return recovered;
    }

    public static async Task LeaveAsync(NpgsqlConnection connection, Guid node, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LeaveSql, connection).With(node);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The random end of a node's id.</summary>
    private static long LockKey(Guid node)
    {
        Span<byte> bytes = stackalloc byte[16];
        node.TryWriteBytes(bytes, bigEndian: true, out _);
        return BinaryPrimitives.ReadInt64BigEndian(bytes[8..]);
    }
}

/// <summary>What the row of a running run tells its executor.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Settle">How it must end; null when it goes on.</param>
/// <param name="Reason">Why it must end, for people.</param>
/// <param name="Updates">The number of its latest update.</param>
internal readonly record struct RunSignal(Guid RunId, string? Settle, string Reason, int Updates);
