using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Queue;

internal static partial class ThreadSettlement
{
    /// <summary>
    /// Tells the running run to stop: at its next checkpoint, where its agent is one of $4 and nothing harder was said
    /// before. A rollback that is committed is never softened.
    /// </summary>
    private const string SignalRunningSql =
        """
        update run_work
        set settle = case when agent = any($4) then coalesce(settle, 'steer') else $2 end, settle_reason = $3, signal_no = signal_no + 1
        where thread_id = $1 and state = 3 and settle is distinct from 'rollback'
        returning run_id, node
        """;

    /// <summary>Locks the runs of a thread in whatever state they are, so that none is claimed or handed back while we decide.</summary>
    private const string LockWorkSql =
        """
        select run_id, state, settle is not distinct from 'rollback' from run_work
        where thread_id = $1 and ($2::uuid is null or run_id = $2)
        order by run_id for no key update
        """;

    /// <summary>
    /// Ends a run that nobody executes. Its input stays behind for a later run when that is asked for ($3) before any
    /// attempt had merged it; updates that it has not taken always do.
    /// </summary>
    private const string EndIdleSql =
        $"""
        with work as (
            delete from run_work where run_id = $1 and state < 3
            returning run_id, thread_id, owner, state, attempt, next_event, usage, progress, started_at, updates, partial),
        event as (
            insert into run_events (run_id, first_event, count, next_number, owner, frames)
            select run_id, next_event, $7, $8, owner, $6 from work where $7 > 0),
        run as (
            update runs r
            set status = $4, error_type = $5, error = $2, attempt = work.attempt, event_count = work.next_event + $7, usage = work.usage,
                progress = work.progress, updates = work.updates, ended_at = now(),
                unmerged = $3 and not exists (
                    select from checkpoints c where c.thread_id = work.thread_id and c.run_id = work.run_id and c.source = 'input')
            from work where r.run_id = work.run_id
            returning r.unmerged, r.request, r.thread_id, r.deletes_thread),
        {RunCompletion.DisposeThreads}
        update thread_heads h
        set waiting = h.waiting - case work.state when 0 then 1 else 0 end,
            active_run = case when work.state = 0 then h.active_run end,
            status = case when work.state = 0 then h.status when $5 is not null then 'error'
                when exists (select from pauses p where p.thread_id = h.thread_id and p.checkpoint_id = h.head) then 'interrupted' else 'idle' end,
            error = case when work.state = 0 then h.error when $5 is not null then $2 end,
            unmerged = h.unmerged + case when run.unmerged then 1 else 0 end + case when work.state = 0 then 0 else h.untaken end,
            untaken = case when work.state = 0 then h.untaken else 0 end, disposable = h.disposable or run.deletes_thread,
            updated_at = now()
        from work, run where h.thread_id = work.thread_id
        returning run.request, work.started_at, work.partial
        """;

    /// <summary>Removes a run that is to be erased, with all it wrote. Gives the head it started from, if it had started.</summary>
    private const string EraseSql =
        $"""
        with work as (delete from run_work where run_id = $1 and ($2::integer is null or fence = $2) returning run_id, thread_id, state),
        run as (delete from runs r using work where r.run_id = work.run_id returning r.run_id, r.thread_id),
        {ThreadRemoval.DisposeOfChildren},
        event as (delete from run_events e using work where e.run_id = work.run_id),
        told as (delete from run_updates u using work where u.run_id = work.run_id),
        key as (delete from idempotency_keys k using work where k.run_id = work.run_id),
        checkpoint as (
            delete from checkpoints c using work where c.thread_id = work.thread_id and c.run_id = work.run_id
            returning c.source, c.replaced_head)
        select work.state, (select count(*) from checkpoint),
               (select replaced_head from checkpoint where source = 'input'), (select count(*) from checkpoint where source = 'input')
        from work
        """;

    /// <summary>Frees the slot, or takes one waiting run out of the count, after an erasure.</summary>
    private const string ForgetErasedSql =
        """
        update thread_heads h
        set waiting = waiting - case $2 when 0 then 1 else 0 end,
            active_run = case when $2 = 0 then active_run end, untaken = case when $2 = 0 then untaken else 0 end,
            status = case when $2 = 0 then status
                when exists (select from pauses p where p.thread_id = h.thread_id and p.checkpoint_id = h.head) then 'interrupted'
                when h.error is not null then 'error' else 'idle' end,
            updated_at = now()
        where thread_id = $1
        """;

    /// <summary>Puts the head back to the checkpoint before an erased run; to none when there was none.</summary>
    private const string RestoreHeadSql =
        """
        update thread_heads h
        set head = c.id, head_n = coalesce(c.n, 0), segment = coalesce(c.segment, 0), "values" = $3, value_filter = $4::jsonb,
            state_updated_at = now()
        from (select $1::uuid as thread_id) t left join checkpoints c on c.thread_id = t.thread_id and c.id = $2
        where h.thread_id = t.thread_id
        """;

    /// <summary>
    /// Gives the free slot to the run that waits longest. The head is locked and its slot is empty. A run stored while this
    /// transaction waited for the lock is younger than its now().
    /// </summary>
    private const string PromoteSql =
        """
        with next as (
            update run_work
            set state = case when available_at > clock_timestamp() then 1 else 2 end, available_at = greatest(available_at, now())
            where run_id = (select run_id from run_work where thread_id = $1 and state = 0 order by run_no limit 1)
            returning run_id, thread_id, state)
        update thread_heads h set active_run = next.run_id, waiting = waiting - 1, status = 'busy', updated_at = now()
        from next where h.thread_id = next.thread_id
        returning next.run_id, next.state
        """;
}
