using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads single threads and their states.</summary>
internal sealed class ThreadReader(ProtocolDatabase database)
{
    private const string ReadSql =
        """
        select t.metadata, t.ttl, t.temporary, t.created_at, h.status, h.agent, h.assistant_id, h.config, h.error, h.head, h.head_n, h.last_n,
               h.segment, h."values", h.active_run, h.waiting, h.updated_at, h.state_updated_at, p.node, p.interrupts, h.disposable,
               w.partial, case when h.active_run is null then latest.progress else w.progress end
        from threads t join thread_heads h using (thread_id)
            left join pauses p on p.thread_id = h.thread_id and p.checkpoint_id = h.head
            left join run_work w on w.run_id = h.active_run
            left join lateral (
                select r.progress from runs r where r.thread_id = h.thread_id and h.active_run is null order by r.run_no desc limit 1) latest on true
        where t.thread_id = $1 and t.owner = $2
        """;

    private const string HeadSegmentSql =
        """
        select c.delta, c.snapshot from thread_heads h
        join checkpoints c on c.thread_id = h.thread_id and c.n between h.segment and h.head_n and c.segment = h.segment
        where h.thread_id = $1 order by c.n
        """;

    /// <summary>One statement, so that the segment is not moved to another number between two.</summary>
    private const string AfterRunSql =
        """
        with last as (select segment, n, id from checkpoints where thread_id = $1 and run_id = $2 order by n desc limit 1)
        select c.delta, c.snapshot, (select p.interrupts from pauses p where p.thread_id = $1 and p.checkpoint_id = last.id) from last
        join checkpoints c on c.thread_id = $1 and c.n between last.segment and last.n and c.segment = last.segment
        order by c.n
        """;

    /// <summary>The thread of a stateless run is gone when the run has ended.</summary>
    private const string ExistsSql =
        """
        select 1 from threads t join thread_heads h using (thread_id)
        where t.thread_id = $1 and t.owner = $2 and not (t.temporary and h.active_run is null and (h.head_n > 0 or h.disposable))
        """;

    private const string PausesSql =
        """
        select h.thread_id, p.node, p.interrupts from thread_heads h
        join pauses p on p.thread_id = h.thread_id and p.checkpoint_id = h.head
        where h.thread_id = any($1)
        """;

    private const string PartialsSql = "select run_id, partial from run_work where run_id = any($1) and partial is not null";

    /// <summary>A thread, if this owner has it; its row, head and state in one round trip.</summary>
    public async Task<ThreadView?> ReadAsync(string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(ReadSql) { Parameters = { new() { Value = threadId }, new() { Value = owner } } },
                new NpgsqlBatchCommand(HeadSegmentSql) { Parameters = { new() { Value = threadId } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
        {
            return null;
        }

        var (row, head) = ReadRows(reader, owner, threadId);
        var (partial, progress) = (PartialMessage.Read(reader.GetText(21)), reader.GetText(22));
        var pause = reader.IsDBNull(18) ? null : new PauseText(reader.GetString(18), reader.GetString(19));
        await reader.NextResultAsync(cancellationToken);
        return new ThreadView(row, head, await FoldAsync(reader, cancellationToken), pause) { Partial = partial, Progress = progress };
    }

    /// <summary>Whether a thread has a checkpoint.</summary>
    public async Task<bool> HasCheckpointAsync(Guid threadId, Guid checkpointId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select exists (select from checkpoints where thread_id = $1 and id = $2)", connection)
            .With(threadId).With(checkpointId);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>What the paused ones among some threads wait for.</summary>
    public async Task<Dictionary<Guid, PauseText>> ReadPausesAsync(IReadOnlyList<Guid> threadIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(PausesSql, connection).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id);
        Dictionary<Guid, PauseText> pauses = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            pauses.Add(reader.GetGuid(0), new PauseText(reader.GetString(1), reader.GetString(2)));
        }

        return pauses;
    }

    /// <summary>The messages that these active runs are writing, by run.</summary>
    public async Task<Dictionary<Guid, StateMessage>> ReadPartialsAsync(IReadOnlyList<Guid> runIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(PartialsSql, connection).WithColumn(runIds, NpgsqlDbType.Uuid, id => id);
        Dictionary<Guid, StateMessage> partials = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            partials.Add(reader.GetGuid(0), PartialMessage.Read(reader.GetString(1))!);
        }

        return partials;
    }

    /// <summary>Whether this owner has a thread that is to be seen.</summary>
    public static async Task<bool> ExistsAsync(
        NpgsqlConnection connection, string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ExistsSql, connection).With(threadId).With(owner);
        return await command.ExecuteScalarAsync(cancellationToken) is not null;
    }

    /// <summary>
    /// The state that a run left behind, or the thread's current state when it left none; and what the run asks, as a
    /// JSON array, if it stopped to wait for somebody.
    /// </summary>
    public async Task<(StateValues State, string? Interrupts)> ReadStateAfterRunAsync(Guid threadId, Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using (var command = new NpgsqlCommand(AfterRunSql, connection).With(threadId).With(runId))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            string? interrupts = null;
            if (reader.HasRows)
            {
                return (await FoldAsync(reader, cancellationToken, row => interrupts = row.GetText(2)), interrupts);
            }
        }

        await using var current = new NpgsqlCommand(HeadSegmentSql, connection).With(threadId);
        await using var segment = await current.ExecuteReaderAsync(cancellationToken);
        return (await FoldAsync(segment, cancellationToken), null);
    }

    private static async Task<StateValues> FoldAsync(
        NpgsqlDataReader reader, CancellationToken cancellationToken, Action<NpgsqlDataReader>? alsoRead = null)
    {
        var state = StateValues.Empty;
        while (await reader.ReadAsync(cancellationToken))
        {
            state = reader.IsDBNull(1) ? StateDelta.Replay(state, reader.GetString(0)) : StateDelta.ReadSnapshot(reader.GetString(1));
            alsoRead?.Invoke(reader);
        }

        return state;
    }

    private static (ThreadRow Row, ThreadHeadRow Head) ReadRows(NpgsqlDataReader reader, string owner, Guid threadId) => (
        new ThreadRow
        {
            ThreadId = threadId,
            Owner = owner,
            Metadata = reader.GetString(0),
            Ttl = reader.GetText(1),
            Temporary = reader.GetBoolean(2),
            CreatedAt = reader.GetDateTime(3),
        },
        new ThreadHeadRow
        {
            ThreadId = threadId,
            Owner = owner,
            Status = reader.GetString(4),
            Agent = reader.GetText(5),
            AssistantId = reader.GetNullable<Guid>(6),
            Config = reader.GetText(7),
            Error = reader.GetText(8),
            Head = reader.GetNullable<Guid>(9),
            HeadN = reader.GetInt32(10),
            LastN = reader.GetInt32(11),
            Segment = reader.GetInt32(12),
            Values = reader.GetString(13),
            ActiveRun = reader.GetNullable<Guid>(14),
            Waiting = reader.GetInt32(15),
            UpdatedAt = reader.GetDateTime(16),
            StateUpdatedAt = reader.GetNullable<DateTime>(17),
            Disposable = reader.GetBoolean(20),
        });
}
