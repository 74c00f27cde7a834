using AgentProtocol.Engine.State;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads states: a snapshot and the deltas behind it, in one index range.</summary>
internal static class CheckpointReader
{
    private const string SegmentSql =
        """
        select c.delta, c.snapshot from checkpoints c
        where c.thread_id = $1 and c.n between $2 and $3 and c.segment = $2
        order by c.n
        """;

    /// <summary>Each segment from its snapshot to the last row that is wanted of it.</summary>
    private const string StatesSql =
        """
        with wanted as (select segment, max(n) as n from checkpoints where thread_id = $1 and id = any($2) group by segment)
        select c.id, c.delta, c.snapshot, c.id = any($2)
        from wanted join checkpoints c on c.thread_id = $1 and c.n between wanted.segment and wanted.n and c.segment = wanted.segment
        order by c.segment, c.n
        """;

    private const string HeadsSql =
        """
        select c.thread_id, c.delta, c.snapshot
        from unnest($1) as g(thread_id) join thread_heads h using (thread_id)
        join checkpoints c on c.thread_id = h.thread_id and c.n between h.segment and h.head_n and c.segment = h.segment
        order by c.thread_id, c.n
        """;

    private const string SegmentOfSql = "select segment, n from checkpoints where thread_id = $1 and id = $2";

    /// <summary>The state at a checkpoint.</summary>
    public static async Task<StateValues> ReadStateAsync(
        NpgsqlConnection connection, Guid threadId, Guid checkpointId, CancellationToken cancellationToken)
    {
        int segment, n;
        await using (var command = new NpgsqlCommand(SegmentOfSql, connection).With(threadId).With(checkpointId))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            if (!await reader.ReadAsync(cancellationToken))
            {
                throw new InvalidDataException($"Checkpoint {checkpointId} of thread {threadId} is missing");
            }

            (segment, n) = (reader.GetInt32(0), reader.GetInt32(1));
        }

        return (await ReadSegmentAsync(connection, threadId, segment, n, cancellationToken)).State;
    }

    /// <summary>The state at number <paramref name="n"/> of a segment, with the weight of the segment so far.</summary>
    public static async Task<SegmentState> ReadSegmentAsync(
        NpgsqlConnection connection, Guid threadId, int segment, int n, CancellationToken cancellationToken)
    {
        if (n == 0)
        {
            return SegmentState.None;
        }

        await using var command = new NpgsqlCommand(SegmentSql, connection).With(threadId).With(segment).With(n);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var state = SegmentState.None;
        while (await reader.ReadAsync(cancellationToken))
        {
            state = reader.IsDBNull(1) ? state.Replay(reader.GetString(0)) : SegmentState.Begin(reader.GetString(1));
        }

        return state;
    }

    /// <summary>The states at several checkpoints of a thread; each segment is folded once.</summary>
    public static async Task<Dictionary<Guid, StateValues>> ReadStatesAsync(
        NpgsqlConnection connection, Guid threadId, IReadOnlyList<Guid> checkpointIds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(StatesSql, connection)
            .With(threadId).WithColumn(checkpointIds, NpgsqlDbType.Uuid, id => id);
        Dictionary<Guid, StateValues> states = [];
        var state = StateValues.Empty;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            state = reader.IsDBNull(2) ? StateDelta.Replay(state, reader.GetString(1)) : StateDelta.ReadSnapshot(reader.GetString(2));
            if (reader.GetBoolean(3))
            {
                states[reader.GetGuid(0)] = state;
            }
        }

        return states;
    }

    /// <summary>The current states of many threads, in one statement.</summary>
    public static async Task<Dictionary<Guid, StateValues>> ReadHeadsAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> threadIds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(HeadsSql, connection).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id);
        Dictionary<Guid, StateValues> states = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var threadId = reader.GetGuid(0);
            states[threadId] = reader.IsDBNull(2)
                ? StateDelta.Replay(states[threadId], reader.GetString(1))
                : StateDelta.ReadSnapshot(reader.GetString(2));
        }

        return states;
    }
}
