namespace AgentProtocol.Engine.Events;

internal sealed partial class EventLog
{
    /// <summary>Pages without state touch no head. A run that is missing in the answer has lost its lease.</summary>
    private const string AppendSql =
        $"""
        with given as (select g.*, a.partial from {PageColumns.Given} left join unnest($17, $18) as a(run_id, partial) using (run_id)),
        locked as (
            select w.run_id from run_work w join given g using (run_id)
            where w.state = 3 and w.fence = g.fence and w.next_event = g.first_event
            order by w.run_id for no key update of w),
        work as (
            update run_work w
            set next_event = g.first_event + g.count, progress = coalesce(g.progress, w.progress), usage = coalesce(g.usage, w.usage),
                partial = nullif(coalesce(g.partial, w.partial), '')
            from locked join given g using (run_id) where w.run_id = locked.run_id
            returning w.run_id),
        event as (
            insert into run_events (run_id, first_event, count, next_number, owner, frames)
            select g.run_id, g.first_event, g.count, g.next_number, g.owner, g.frames from work join given g using (run_id) where g.count > 0)
        select run_id from work
        """;

    /// <summary>Pages with state: heads first, then work, and all of it in one transaction.</summary>
    private const string AppendStateSql =
        $"""
        with given as (select g.*, a.partial from {PageColumns.Given} left join unnest($33, $34) as a(run_id, partial) using (run_id)),
        head as (
            select h.thread_id from thread_heads h join given g using (thread_id)
            where h.active_run = g.run_id
            order by h.thread_id for no key update of h),
        locked as (
            select w.run_id from run_work w join given g using (run_id) join head on head.thread_id = g.thread_id
            where w.state = 3 and w.fence = g.fence and w.next_event = g.first_event
            order by w.run_id for no key update of w),
        work as (
            update run_work w
            set next_event = g.first_event + g.count, progress = coalesce(g.progress, w.progress), usage = coalesce(g.usage, w.usage),
                partial = nullif(coalesce(g.partial, w.partial), '')
            from locked join given g using (run_id) where w.run_id = locked.run_id
            returning w.run_id, w.run_no),
        event as (
            insert into run_events (run_id, first_event, count, next_number, owner, frames)
            select g.run_id, g.first_event, g.count, g.next_number, g.owner, g.frames from work join given g using (run_id) where g.count > 0),
        {PageColumns.InsertCheckpoints},
        {PageColumns.ClearMerged},
        taken as (select * from unnest($31, $32) as t(run_id, through)),
        {PageColumns.Deliver}
        update thread_heads h set {PageColumns.SetHead}
        from work join given g using (run_id) where h.thread_id = g.thread_id
        returning g.run_id
        """;

    private const string ResolveSql =
        """
        select fence, next_event, exists (select from checkpoints where thread_id = $2 and n = $3 and id = $4)
        from run_work where run_id = $1 and state = 3
        """;
}
