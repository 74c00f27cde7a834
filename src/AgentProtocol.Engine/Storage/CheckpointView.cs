using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>A checkpoint as it is shown in states and histories.</summary>
/// <param name="Row">The checkpoint; its delta and snapshot are not read.</param>
/// <param name="State">The state it stands for; empty until it is read.</param>
/// <param name="Agent">The agent of its run, or of the thread when it was edited.</param>
/// <param name="AssistantId">The same as an assistant.</param>
/// <param name="RunMetadata">The metadata of its run.</param>
/// <param name="NextNode">The step that follows it; null when nothing follows.</param>
/// <param name="SnapshotBytes">The size of its segment's snapshot, in bytes of UTF-8.</param>
/// <param name="Pause">That a run stopped here to wait for somebody.</param>
internal sealed record CheckpointView(
    CheckpointRow Row, StateValues State, string? Agent, Guid? AssistantId, string? RunMetadata, string? NextNode, int SnapshotBytes, PauseText? Pause);

/// <summary>A pause as it is stored.</summary>
/// <param name="Node">The step that comes next.</param>
/// <param name="Interrupts">What is asked: a JSON array of <c>{id, value}</c>.</param>
internal sealed record PauseText(string Node, string Interrupts);

/// <summary>Reads checkpoints with their states, newest first.</summary>
internal static class CheckpointHistory
{
    /// <summary>
    /// The step that follows is the one that made the next checkpoint of the same run, whose checkpoints stand in a row; the
    /// agent itself while the run still goes on; nothing otherwise.
    /// </summary>
    private const string Select =
        """
        select c.n, c.id, c.parent_id, c.run_id, c.step, c.source, c.node, c.created_at, c.segment,
               coalesce(c.agent, r.agent, k.agent), coalesce(c.assistant_id, r.assistant_id, k.assistant_id), coalesce(r.metadata, k.metadata),
               case when c.source = 'input' then '__start__'
                    when c.run_id is null then null
                    else coalesce(
                        (select case when d.run_id = c.run_id then d.node end
                         from checkpoints d where d.thread_id = c.thread_id and d.n > c.n order by d.n limit 1),
                        case when r.status = 'active' then r.agent end) end,
               (select octet_length(s.snapshot) from checkpoints s where s.thread_id = c.thread_id and s.n = c.segment),
               p.node, p.interrupts
        from checkpoints c
        left join pauses p on p.thread_id = c.thread_id and p.checkpoint_id = c.id
        left join runs r on r.run_id = c.run_id and r.thread_id = c.thread_id
        left join checkpoint_runs k on k.thread_id = c.thread_id and k.run_id = c.run_id
        """;

    private const string PageSql = $"{Select} where c.thread_id = $1 and c.n < $2 order by c.n desc limit $3";

    private const string ByIdSql = $"{Select} where c.thread_id = $1 and c.id = $2";

    private const string NumberSql = "select n from checkpoints where thread_id = $1 and id = $2";

    /// <summary>The number of a checkpoint, or null.</summary>
    public static async Task<int?> FindAsync(
        NpgsqlConnection connection, Guid threadId, Guid checkpointId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(NumberSql, connection).With(threadId).With(checkpointId);
        return (int?)await command.ExecuteScalarAsync(cancellationToken);
    }

    /// <summary>The checkpoints below a number, still without their states.</summary>
    public static async Task<IReadOnlyList<CheckpointView>> ReadPageAsync(
        NpgsqlConnection connection, Guid threadId, int below, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(PageSql, connection).With(threadId).With(below).With(limit);
        return await ReadAsync(command, threadId, cancellationToken);
    }

    /// <summary>One checkpoint with its state, or null.</summary>
    public static async Task<CheckpointView?> ReadOneAsync(
        NpgsqlConnection connection, Guid threadId, Guid checkpointId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ByIdSql, connection).With(threadId).With(checkpointId);
        var found = await ReadAsync(command, threadId, cancellationToken);
        return await WithStatesAsync(connection, threadId, found, cancellationToken) is [var one] ? one : null;
    }

    /// <summary>Adds the states, each segment folded once. A checkpoint that was removed meanwhile is left out.</summary>
    public static async Task<IReadOnlyList<CheckpointView>> WithStatesAsync(
        NpgsqlConnection connection, Guid threadId, IReadOnlyList<CheckpointView> views, CancellationToken cancellationToken)
    {
        if (views.Count == 0)
        {
            return views;
        }

        var states = await CheckpointReader.ReadStatesAsync(connection, threadId, [.. views.Select(view => view.Row.Id)], cancellationToken);
        return [.. views.Where(view => states.ContainsKey(view.Row.Id)).Select(view => view with { State = states[view.Row.Id] })];
    }

    private static async Task<IReadOnlyList<CheckpointView>> ReadAsync(NpgsqlCommand command, Guid threadId, CancellationToken cancellationToken)
    {
        List<CheckpointView> views = [];
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            views.Add(Read(reader, threadId));
        }

        return views;
    }

    private static CheckpointView Read(NpgsqlDataReader reader, Guid threadId) => new(
        new CheckpointRow
        {
            ThreadId = threadId,
            Owner = "",
            N = reader.GetInt32(0),
            Id = reader.GetGuid(1),
            ParentId = reader.GetNullable<Guid>(2),
            RunId = reader.GetNullable<Guid>(3),
            Step = reader.GetInt32(4),
            Source = reader.GetString(5),
            Node = reader.GetText(6),
            CreatedAt = reader.GetDateTime(7),
            Segment = reader.GetInt32(8),
        },
        StateValues.Empty, reader.GetText(9), reader.GetNullable<Guid>(10), reader.GetText(11), reader.GetText(14) ?? reader.GetText(12), reader.GetInt32(13),
        reader.IsDBNull(14) ? null : new PauseText(reader.GetString(14), reader.GetString(15)));
}
