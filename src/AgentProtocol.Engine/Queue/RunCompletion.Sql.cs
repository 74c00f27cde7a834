using AgentProtocol.Engine.Events;

namespace AgentProtocol.Engine.Queue;

internal sealed partial class RunCompletion
{
    /// <summary>
    /// Ends runs: last frames, last checkpoints, the head, the run's row and the free slot become visible together.
    /// A thread with waiting runs, with inputs left behind or updates not taken, or one whose head is locked, gives no row unless <c>$40</c> says that the caller
    /// holds the lock and passes the slot on. Completion wins against an interrupt, never against a committed rollback.
    /// </summary>
    private const string FinishSql =
        $"""
        with head as (
            select g.*, h.unmerged as left_behind
            from thread_heads h join unnest({PageColumns.Parameters}, $31, $32, $33, $34, $35, $36, $37, $38, $39)
                as g({PageColumns.Names}, status, error_type, error, thread_status, attempt, thread_error, paused_at, paused_node, interrupts)
                using (thread_id)
            where h.active_run = g.run_id and ((h.waiting = 0 and h.unmerged = 0 and h.untaken = 0) or $40)
            order by h.thread_id for no key update of h skip locked),
        locked as (
            select g.*, w.run_no, w.progress as last_progress, w.usage as last_usage, w.started_at, w.updates
            from run_work w join head g using (run_id)
            where w.state = 3 and w.fence = g.fence and w.next_event = g.first_event and w.settle is distinct from 'rollback'
            order by w.run_id for update of w),
        work as (delete from run_work w using locked g where w.run_id = g.run_id returning g.*),
        {PageColumns.InsertEvents},
        {PageColumns.InsertCheckpoints},
        {PageColumns.ClearMerged},
        taken as (select * from unnest($45, $46) as t(run_id, through)),
        {PageColumns.Deliver},
        pause as (
            insert into pauses (thread_id, checkpoint_id, owner, node, interrupts)
            select thread_id, paused_at, owner, paused_node, interrupts from work where paused_at is not null),
        run as (
            update runs r
            set status = g.status, error_type = g.error_type, error = g.error, attempt = g.attempt,
                event_count = g.first_event + g.count, progress = coalesce(g.progress, g.last_progress),
                usage = coalesce(g.usage, g.last_usage), updates = g.updates, ended_at = now()
            from work g where r.run_id = g.run_id
            returning g.*, r.deletes_thread),
        {DisposeThreads},
        webhook as (
            insert into webhook_outbox (run_id, owner, url, host, body, started_at)
            select work.run_id, work.owner, c.url, c.host, c.body, work.started_at
            from work join unnest($41, $42, $43, $44) as c(run_id, url, host, body) using (run_id))
        update thread_heads h
        set {PageColumns.SetHead}, active_run = null, status = g.thread_status, error = g.thread_error,
            disposable = h.disposable or g.deletes_thread
        from run g where h.thread_id = g.thread_id
        returning g.run_id
        """;

    /// <summary>The thread of a run that asked for its deletion: nobody finds it any more, and retention removes it (wire-contract 5.7).</summary>
    internal const string DisposeThreads =
        "disposed as (update threads t set temporary = true from run where run.deletes_thread and t.thread_id = run.thread_id)";

    private const string LockHeadSql = "select untaken from thread_heads where thread_id = $1 for no key update";

    /// <summary>The updates that a run has not taken, and whether it goes on for their sake, once its last page ($3) is written: one that was told to stop does not.</summary>
    private const string UntakenSql =
        """
        select count(*)::integer, coalesce(max(u.n), 0), coalesce(bool_and(w.run_id is not null and w.settle is null), false)
        from run_updates u left join run_work w on w.run_id = u.run_id and w.state = 3 and w.fence = $2
        where u.run_id = $1 and u.delivered_at is null and u.n > $3
        """;

    /// <summary>What a run has not taken when it ends is left to the thread, like the input of one that never started.</summary>
    private const string LeaveUntakenSql = "update thread_heads set untaken = untaken - $2, unmerged = unmerged + $2 where thread_id = $1";

    private const string SettleOfSql = "select settle from run_work where run_id = $1 and state = 3 and fence = $2";

    /// <summary>Puts a running run back: at once ($3 null, or it was told to stop and has not failed before) or after a pause. Its fence moves on, so nothing of the old execution is kept.</summary>
    private const string PutBackSql =
        """
        update run_work
        set state = case when $3::interval is null or (settle is not null and failures = 0) then 2 else 1 end, node = null, fence = fence + 1,
            available_at = now() + case when settle is not null and failures = 0 then interval '0' else coalesce($3, interval '0') end,
            priority = $4, failures = failures + $5
        where run_id = $1 and state = 3 and fence = $2
        returning state = 2
        """;

    private const string ResolveSql =
        """
        select r.status <> 'active' and r.event_count = $2, w.fence, w.settle
        from runs r left join run_work w using (run_id) where r.run_id = $1
        """;
}
