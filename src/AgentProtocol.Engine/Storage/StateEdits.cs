using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>In whose name a state is edited, as far as anybody knows.</summary>
/// <param name="Agent">The thread's agent.</param>
/// <param name="AssistantId">The same as an assistant.</param>
internal readonly record struct EditOrigin(string? Agent, Guid? AssistantId);

/// <summary>
/// Edits of a thread's state: collected one behind the other, and written together. They belong to no run, or to one that has
/// just been ended without an executor.
/// </summary>
internal sealed class StateEdits(string owner, Guid threadId, EditOrigin origin, Continuation from, Guid? runId = null)
{
    /// <summary>
    /// A run that waits for somebody goes on waiting behind the edit, so that a person may correct what it is about to do;
    /// an edit in the name of the waiting step is that step's result.
    /// </summary>
    private const string WriteSql =
        """
        with checkpoint as (
            insert into checkpoints
                (thread_id, owner, agent, assistant_id, n, id, parent_id, step, source, node, segment, delta, snapshot, after_run, run_id)
            select $1, $2, $3, $4, c.n, c.id, c.parent_id, c.step, c.source, c.node, c.segment, c.delta, c.snapshot,
                   coalesce((select r.run_no from runs r where r.run_id = $20), h.run_no), $20
            from unnest($5, $6, $7, $8, $9, $10, $11, $12, $13)
                as c(n, id, parent_id, step, source, node, segment, delta, snapshot)
            join thread_heads h on h.thread_id = $1),
        pause as (
            insert into pauses (thread_id, checkpoint_id, owner, node, interrupts)
            select p.thread_id, $14, p.owner, p.node, p.interrupts from pauses p
            where p.thread_id = $1 and p.checkpoint_id = $19 and not coalesce(p.node = any(array_remove($10, null)), false)
            returning 1)
        update thread_heads
        set head = $14, head_n = $15, last_n = $15, segment = $16, "values" = $17, value_filter = $18::jsonb,
            status = case when exists (select from pause) then 'interrupted' when status = 'interrupted' then 'idle' else status end,
            updated_at = now(), state_updated_at = now()
        where thread_id = $1
        """;

    private readonly List<CheckpointRow> rows = [];
    private readonly Guid? continued = from.ParentId;
    private Continuation position = from;

    /// <summary>The state after all that was added.</summary>
    public StateValues State => position.State.State;

    /// <summary>Adds a checkpoint.</summary>
    /// <param name="source"><c>input</c> or <c>update</c>.</param>
    /// <param name="node">The step in whose name it is made.</param>
    /// <param name="after">The state that it stands for.</param>
    /// <param name="delta">What changed.</param>
    public void Add(string source, string? node, StateValues after, StateDelta delta)
    {
        var changes = delta.ToJson();
        var n = position.LastN + 1;
        var snapshot = position.State.HasRoomFor(changes.Length) ? null : after.ToJson();
        var row = new CheckpointRow
        {
            ThreadId = threadId,
            Owner = owner,
            N = n,
            Id = CheckpointIds.Next(position.HeadId),
            ParentId = position.ParentId,
            // Only an input may be the step before the first.
            Step = source == "input" ? position.LastStep + 1 : Math.Max(position.LastStep + 1, 0),
            Source = source,
            Node = node,
            Segment = snapshot is null ? position.Segment : n,
            Delta = snapshot is null ? changes : null,
            Snapshot = snapshot,
        };
        rows.Add(row);
        position = new Continuation
        {
            HeadId = row.Id,
            LastN = n,
            ParentId = row.Id,
            LastStep = row.Step,
            Segment = row.Segment,
            State = snapshot is null ? position.State.Advance(after, changes.Length) : SegmentState.Begin(after, snapshot.Length),
        };
    }

    /// <summary>Writes what was added, of which there is something. The head is locked, and no run holds the thread's slot.</summary>
    /// <returns>The new head.</returns>
    public async Task<Guid> WriteAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var head = rows[^1];
        var values = State.OthersToJson();
        await using var command = new NpgsqlCommand(WriteSql, connection)
            .With(threadId).With(owner).With(origin.Agent).With(origin.AssistantId, NpgsqlDbType.Uuid)
            .WithColumn(rows, NpgsqlDbType.Integer, row => row.N)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Id)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.ParentId)
            .WithColumn(rows, NpgsqlDbType.Integer, row => row.Step)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Source)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Node)
            .WithColumn(rows, NpgsqlDbType.Integer, row => row.Segment)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Delta)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Snapshot)
            .With(head.Id).With(head.N).With(head.Segment).With(values).With(JsonFilter.CopyOrNull(values))
            .With(continued, NpgsqlDbType.Uuid).With(runId, NpgsqlDbType.Uuid);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return head.Id;
    }
}
