namespace AgentProtocol.Engine.Queue;

internal sealed partial class RunClaims
{
    /// <summary>What becomes of runs that a claim by node $1 has found <c>ready</c>; $3 is the server's time limit.</summary>
    internal const string Take =
        """
        work as (
            update run_work w
            set state = 3, node = $1, fence = fence + 1, attempt = attempt + 1, signal_no = case when settle is null then 0 else 1 end,
                deadline_at = coalesce(deadline_at, now() + coalesce(time_limit, $3)), started_at = coalesce(started_at, now()), start_by = null
            from ready where w.run_id = ready.run_id
            returning w.*)
        select work.run_id, work.thread_id, work.owner, work.run_no, work.fence, work.attempt, work.failures, work.losses,
               work.next_event, work.settle, work.settle_reason, work.usage, work.deadline_at, work.deadline_at - now(),
               r.agent, r.assistant_id, r.request, r.assistant, r.thread_config,
               work.updates, work.progress, work.partial, r.parent_run_id,
               coalesce(work.time_limit, $3)
        from work join runs r using (run_id)
        """;

    /// <summary>Whether a run <c>w</c> is claimed only to be ended, which needs no agent; null for no.</summary>
    internal const string OnlyEnds = "(w.settle is not null or w.deadline_at <= now())";

    /// <summary>
    /// Takes ready runs for a node. Only slot holders are ready, so a batch cannot collide on a thread; the share lock
    /// on the node's row makes a reaper of that node wait until these rows say whose they are. Of limited agents ($4)
    /// it takes those that only end.
    /// </summary>
    private const string ClaimSql =
        $"""
        with node as (select id from nodes where id = $1 for key share),
        ready as (
            select w.run_id from run_work w, node
            where w.state = 2 and (w.agent <> all($4) or {OnlyEnds})
            order by w.priority, w.available_at, w.run_id limit $2
            for no key update of w skip locked),
        {Take}
        """;

    /// <summary>The same for one run ($2), found by its key: among thousands of ready ones a filter would read them all.</summary>
    private const string ClaimOneSql =
        $"""
        with node as (select id from nodes where id = $1 for key share),
        ready as (
            select w.run_id from run_work w, node
            where w.run_id = $2 and w.state = 2 and (w.agent <> all($4) or {OnlyEnds})
            for no key update of w skip locked),
        {Take}
        """;
}
