using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>A checkpoint as it is shown in states and histories.</summary>
/// <param name="Row">The checkpoint; its delta and snapshot are not read.</param>
/// <param name="State">The state it stands for.</param>
/// <param name="Agent">The agent of its run; null for edits, and for runs that were deleted.</param>
/// <param name="AssistantId">The same as an assistant.</param>
/// <param name="RunMetadata">The metadata of its run.</param>
/// <param name="NextNode">The step that follows it; null when nothing follows.</param>
/// <param name="Pause">That a run stopped here to wait for somebody.</param>
internal sealed record CheckpointView(
    CheckpointRow Row, StateValues State, string? Agent, Guid? AssistantId, string? RunMetadata, string? NextNode, PauseText? Pause);

/// <summary>A pause as it is stored.</summary>
/// <param name="Node">The step that comes next.</param>
/// <param name="Interrupts">What is asked: a JSON array of <c>{id, value}</c>.</param>
internal sealed record PauseText(string Node, string Interrupts);

/// <summary>Reads checkpoints with their states, newest first.</summary>
internal static class CheckpointHistory
{
    /// <summary>
    /// The step that follows is the one that made the next checkpoint of the same run; the agent itself while the run
    /// still goes on; nothing otherwise.
    /// </summary>
    private const string Columns =
        """
        c.n, c.id, c.parent_id, c.run_id, c.step, c.source, c.node, c.created_at, r.agent, r.assistant_id, r.metadata,
        case when c.run_id is null then null
             when c.source = 'input' then '__start__'
             else coalesce(
                 (select d.node from checkpoints d where d.thread_id = c.thread_id and d.run_id = c.run_id and d.n > c.n order by d.n limit 1),
                 case when r.status = 'active' then r.agent end) end,
        p.node, p.interrupts
        """;

    private const string Tables =
        """
        checkpoints c left join runs r on r.run_id = c.run_id
            left join pauses p on p.thread_id = c.thread_id and p.checkpoint_id = c.id
        """;

    private const string PageSql =
        $"""
        select {Columns} from {Tables}
        where c.thread_id = $1 and c.n < $2 order by c.n desc limit $3
        """;

    private const string ByIdSql =
        $"""
        select {Columns} from {Tables}
        where c.thread_id = $1 and c.id = $2
        """;

    /// <summary>The checkpoints below a number.</summary>
    public static async Task<IReadOnlyList<CheckpointView>> ReadPageAsync(
        NpgsqlConnection connection, Guid threadId, int below, int limit, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(PageSql, connection).With(threadId).With(below).With(limit);
        return await ReadAsync(connection, command, threadId, cancellationToken);
    }

    /// <summary>One checkpoint, or null.</summary>
    public static async Task<CheckpointView?> ReadOneAsync(
        NpgsqlConnection connection, Guid threadId, Guid checkpointId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ByIdSql, connection).With(threadId).With(checkpointId);
        return await ReadAsync(connection, command, threadId, cancellationToken) is [var one] ? one : null;
    }

    private static async Task<IReadOnlyList<CheckpointView>> ReadAsync(
        NpgsqlConnection connection, NpgsqlCommand command, Guid threadId, CancellationToken cancellationToken)
    {
        List<CheckpointView> views = [];
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                views.Add(Read(reader, threadId));
            }
        }

        var ids = views.Select(view => view.Row.Id).ToList();
        var states = ids.Count == 0 ? [] : await CheckpointReader.ReadStatesAsync(connection, threadId, ids, cancellationToken);
        return [.. views.Where(view => states.ContainsKey(view.Row.Id)).Select(view => view with { State = states[view.Row.Id] })];
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
        },
        StateValues.Empty, reader.GetText(8), reader.GetNullable<Guid>(9), reader.GetText(10), reader.GetText(12) ?? reader.GetText(11),
        reader.IsDBNull(12) ? null : new PauseText(reader.GetString(12), reader.GetString(13)));
}
