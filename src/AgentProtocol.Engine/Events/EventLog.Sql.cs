namespace AgentProtocol.Engine.Events;

internal sealed partial class EventLog
{
    private const string Advance =
        """
        set next_event = g.first_event + g.count, progress = coalesce(g.progress, w.progress), usage = coalesce(g.usage, w.usage),
            partial = nullif(coalesce(g.partial, w.partial), '')
        """;

    /// <summary>Pages without state touch no head. A run that is missing in the answer has lost its lease.</summary>
    private const string AppendSql =
        $"""
        with locked as (
            select g.* from run_work w join unnest({PageColumns.Parameters}, $17) as g({PageColumns.Names}, partial) using (run_id)
            where w.state = 3 and w.fence = g.fence and w.next_event = g.first_event
            order by w.run_id for no key update of w),
        work as (update run_work w {Advance} from locked g where w.run_id = g.run_id returning g.*),
        {PageColumns.InsertEvents}
        select run_id from work
        """;

    /// <summary>Pages with state: heads first, then work, and all of it in one transaction.</summary>
    private const string AppendStateSql =
        $"""
        with head as (
            select g.*, h.unmerged as left_behind
            from thread_heads h join unnest({PageColumns.Parameters}, $33) as g({PageColumns.Names}, partial) using (thread_id)
            where h.active_run = g.run_id
            order by h.thread_id for no key update of h),
        locked as (
            select g.*, w.run_no from run_work w join head g using (run_id)
            where w.state = 3 and w.fence = g.fence and w.next_event = g.first_event
            order by w.run_id for no key update of w),
        work as (update run_work w {Advance} from locked g where w.run_id = g.run_id returning g.*),
        {PageColumns.InsertEvents},
        {PageColumns.InsertCheckpoints},
        {PageColumns.ClearMerged},
        taken as (select * from unnest($31, $32) as t(run_id, through)),
        {PageColumns.Deliver}
        update thread_heads h set {PageColumns.SetHead}
        from work g where h.thread_id = g.thread_id
        returning g.run_id
        """;

    private const string ResolveSql =
        """
        select fence, next_event, exists (select from checkpoints where thread_id = $2 and n = $3 and id = $4)
        from run_work where run_id = $1 and state = 3
        """;
}
