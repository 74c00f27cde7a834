using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Events;

/// <summary>Pages as columns of a multi-row statement. Append and finish name them alike.</summary>
internal static class PageColumns
{
    /// <summary>The parameters of <see cref="WithPages"/>: arrays, of which <c>unnest</c> makes the rows <see cref="Names"/>.</summary>
    public const string Parameters = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16";

    /// <summary>
    /// The columns of a page. A statement's steps hand them on from one to the next: to join each step with the pages again
    /// would cost the square of their number.
    /// </summary>
    public const string Names =
        "run_id, thread_id, owner, fence, first_event, count, next_number, frames, progress, usage, merged, head, head_n, segment, head_values, value_filter";

    /// <summary>The columns of <see cref="WithCheckpoints"/>, from <c>$17</c> on.</summary>
    private const string GivenCheckpoints =
        """
        unnest($17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30)
            as c(written_by, run_id, thread_id, owner, id, n, parent_id, step, source, node, segment, delta, snapshot, replaced_head)
        """;

    /// <summary>Inserts the frames of the pages that were written.</summary>
    public const string InsertEvents =
        """
        event as (
            insert into run_events (run_id, first_event, count, next_number, owner, frames)
            select run_id, first_event, count, next_number, owner, frames from work where count > 0)
        """;

    /// <summary>Inserts the checkpoints of the pages that were written.</summary>
    public const string InsertCheckpoints =
        $"""
        checkpoint as (
            insert into checkpoints
                (run_id, thread_id, owner, id, n, parent_id, step, source, node, segment, delta, snapshot, replaced_head)
            select c.run_id, c.thread_id, c.owner, c.id, c.n, c.parent_id, c.step, c.source, c.node, c.segment, c.delta, c.snapshot,
                   c.replaced_head
            from {GivenCheckpoints} join work on work.run_id = c.written_by)
        """;

    /// <summary>The assignments that make a page's head the thread's head; nothing changes where the page has no state.</summary>
    public const string SetHead =
        """
        head = coalesce(g.head, h.head), head_n = coalesce(g.head_n, h.head_n), last_n = greatest(h.last_n, g.head_n),
        segment = coalesce(g.segment, h.segment), "values" = coalesce(g.head_values, h."values"),
        value_filter = case when g.head is null then h.value_filter else g.value_filter::jsonb end,
        unmerged = h.unmerged - (select count(*) from merged where merged.thread_id = h.thread_id),
        untaken = h.untaken - (select count(*) from delivered where delivered.thread_id = h.thread_id),
        updated_at = now(), state_updated_at = case when g.head is null then h.state_updated_at else now() end
        """;

    /// <summary>
    /// Takes the flags off the inputs that a page has merged: those of superseded runs before its own, and updates that
    /// earlier runs have not taken. Inputs that were left behind later belong to a later run. The thread's count of them,
    /// <c>left_behind</c>, spares the search where there are none.
    /// </summary>
    public const string ClearMerged =
        """
        merged_inputs as (
            update runs r set unmerged = false from work g
            where g.merged and g.left_behind > 0 and r.thread_id = g.thread_id and r.unmerged and r.run_no < g.run_no
            returning r.thread_id),
        merged_updates as (
            update run_updates u set delivered_at = now() from work g
            where g.merged and g.left_behind > 0 and u.thread_id = g.thread_id and u.delivered_at is null and u.run_no < g.run_no
            returning u.thread_id),
        merged as (select thread_id from merged_inputs union all select thread_id from merged_updates)
        """;

    /// <summary>
    /// Marks the updates delivered that a page has taken, with the checkpoint that holds them. The statement names them as
    /// <c>taken</c>, behind its other parameters.
    /// </summary>
    public const string Deliver =
        """
        delivered as (
            update run_updates u set delivered_at = now()
            from work join taken t on t.run_id = work.run_id
            where u.run_id = t.run_id and u.n <= t.through and u.delivered_at is null
            returning u.thread_id)
        """;

    public static NpgsqlCommand WithPages(this NpgsqlCommand command, IReadOnlyList<RunPage> pages)
    {
        var values = pages.Select(page => page.Head?.State.OthersToJson()).ToList();
        return command
            .WithColumn(pages, NpgsqlDbType.Uuid, page => page.RunId)
            .WithColumn(pages, NpgsqlDbType.Uuid, page => page.ThreadId)
            .WithColumn(pages, NpgsqlDbType.Text, page => page.Owner)
            .WithColumn(pages, NpgsqlDbType.Integer, page => page.Fence)
            .WithColumn(pages, NpgsqlDbType.Bigint, page => page.First)
            .WithColumn(pages, NpgsqlDbType.Integer, page => page.Frames.Count)
            .WithColumn(pages, NpgsqlDbType.Bigint, page => page.NextNumber)
            .WithColumn(pages, NpgsqlDbType.Text, page => Frame.Write(page.Frames))
            .WithColumn(pages, NpgsqlDbType.Text, page => page.Progress)
            .WithColumn(pages, NpgsqlDbType.Text, page => page.Usage)
            .WithColumn(pages, NpgsqlDbType.Boolean, page => page.MergedInputs)
            .WithColumn(pages, NpgsqlDbType.Uuid, page => page.Head?.Id)
            .WithColumn(pages, NpgsqlDbType.Integer, page => page.Head?.N)
            .WithColumn(pages, NpgsqlDbType.Integer, page => page.Head?.Segment)
            .WithColumn(values, NpgsqlDbType.Text, value => value)
            .WithColumn(values, NpgsqlDbType.Text, value => value is null ? null : JsonFilter.CopyOrNull(value));
    }

    public static NpgsqlCommand WithCheckpoints(this NpgsqlCommand command, IReadOnlyList<RunPage> pages)
    {
        var rows = pages.SelectMany(page => page.Checkpoints, (page, checkpoint) => (Page: page, Checkpoint: checkpoint)).ToList();
        return command
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Page.RunId)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Checkpoint.RunId)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Page.ThreadId)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Page.Owner)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Checkpoint.Id)
            .WithColumn(rows, NpgsqlDbType.Integer, row => row.Checkpoint.N)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Checkpoint.ParentId)
            .WithColumn(rows, NpgsqlDbType.Integer, row => row.Checkpoint.Step)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Checkpoint.Source)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Checkpoint.Node)
            .WithColumn(rows, NpgsqlDbType.Integer, row => row.Checkpoint.Segment)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Checkpoint.Delta)
            .WithColumn(rows, NpgsqlDbType.Text, row => row.Checkpoint.Snapshot)
            .WithColumn(rows, NpgsqlDbType.Uuid, row => row.Checkpoint.ReplacedHead);
    }

    /// <summary>The runs whose pages have taken updates, and the number of the last one.</summary>
    public static NpgsqlCommand WithTaken(this NpgsqlCommand command, IReadOnlyList<RunPage> pages)
    {
        var taking = pages.Where(page => page.TakenUpdates is not null).ToList();
        return command
            .WithColumn(taking, NpgsqlDbType.Uuid, page => page.RunId)
            .WithColumn(taking, NpgsqlDbType.Integer, page => page.TakenUpdates!.Value);
    }

    /// <summary>The messages that the runs of the pages are writing: the last parameter of a statement that appends.</summary>
    public static NpgsqlCommand WithPartials(this NpgsqlCommand command, IReadOnlyList<RunPage> pages) =>
        command.WithColumn(pages, NpgsqlDbType.Text, page => page.Partial);
}
