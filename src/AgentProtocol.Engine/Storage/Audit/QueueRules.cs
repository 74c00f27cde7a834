namespace AgentProtocol.Engine.Storage.Audit;

/// <summary>Runs, their work, and what the heads of threads count of them.</summary>
internal static class QueueRules
{
    private const string OneInTheSlotSql =
        "select thread_id from run_work where state > 0 group by thread_id having count(*) > 1";

    private const string SlotIsTheActiveRunSql =
        """
        select h.thread_id from thread_heads h
        where h.active_run is distinct from (select run_id from run_work w where w.thread_id = h.thread_id and w.state > 0 order by run_id limit 1)
        """;

    private const string WaitingSql =
        """
        select h.thread_id from thread_heads h
        where h.waiting <> (select count(*) from run_work w where w.thread_id = h.thread_id and w.state = 0)
        """;

    private const string WaitingForNobodySql = "select thread_id from thread_heads where waiting > 0 and active_run is null";

    private const string BusySql = "select thread_id from thread_heads where (status = 'busy') <> (active_run is not null)";

    private const string UnmergedSql =
        """
        select h.thread_id from thread_heads h
        where h.unmerged <> (select count(*) from runs r where r.thread_id = h.thread_id and r.unmerged)
                          + (select count(*) from run_updates u
                             where u.thread_id = h.thread_id and u.delivered_at is null and u.run_id is distinct from h.active_run)
        """;

    private const string UntakenSql =
        """
        select h.thread_id from thread_heads h
        where h.untaken <> (select count(*) from run_updates u
                            where u.thread_id = h.thread_id and u.delivered_at is null and u.run_id = h.active_run)
        """;

    private const string UpdatesSql =
        """
        select distinct u.run_id from run_updates u left join runs r using (run_id) left join run_work w using (run_id)
        where coalesce(w.updates, r.updates, -1) <> (select max(n) from run_updates v where v.run_id = u.run_id)
           or exists (select from run_updates v where v.run_id = u.run_id and v.n < u.n and v.delivered_at is null and u.delivered_at is not null)
        """;

    private const string WorkOfActiveSql =
        """
        select r.run_id from runs r
        where (r.status = 'active') <> exists (select from run_work w where w.run_id = r.run_id)
        """;

    private const string WorkAndRunSql =
        """
        select w.run_id from run_work w left join runs r using (run_id)
        where r.run_id is null or (w.thread_id, w.run_no, w.owner, w.agent) is distinct from (r.thread_id, r.run_no, r.owner, r.agent)
        """;

    private const string ThreadAndHeadSql =
        """
        select thread_id from threads t full join thread_heads h using (thread_id)
        where t.owner is distinct from h.owner
        union
        select r.thread_id from runs r left join thread_heads h using (thread_id)
        where h.thread_id is null or r.owner <> h.owner or r.run_no > h.run_no
        """;

    private const string OutboxSql = "select o.run_id from webhook_outbox o join runs r using (run_id) where r.status = 'active'";

    /// <summary>A node dies before others notice; so it is no defect of a moment.</summary>
    private const string LostSql =
        "select run_id from run_work w where state = 3 and not exists (select from nodes n where n.id = w.node)";

    private const string LeftChildrenSql =
        """
        select w.run_id from run_work w left join run_work p on p.run_id = w.parent_run_id
        where w.parent_run_id is not null and p.run_id is null
        """;

    private const string OversleptSql = "select run_id from run_work where state = 1 and available_at <= now()";

    private const string LateSql = "select run_id from run_work where state = 3 and settle is null and deadline_at <= now()";

    public static IReadOnlyList<AuditRule> All { get; } =
    [
        new("more than one run of a thread is in the slot", OneInTheSlotSql),
        new("a head's active run is not the run in the slot", SlotIsTheActiveRunSql),
        new("a head's count of waiting runs is wrong", WaitingSql),
        new("runs wait for a free slot", WaitingForNobodySql),
        new("a thread is busy without a run, or not busy with one", BusySql),
        new("a head's count of inputs left behind is wrong", UnmergedSql),
        new("a head's count of untaken updates is wrong", UntakenSql),
        new("updates of a run are lost, or were delivered in another order", UpdatesSql),
        new("a run is active without work, or has ended with work", WorkOfActiveSql),
        new("work belongs to no run, or contradicts it", WorkAndRunSql),
        new("a thread has no head of its owner, or runs beyond its count", ThreadAndHeadSql),
        new("a webhook is owed to a run that has not ended", OutboxSql),
        new("a run is executed by a node that is not there", LostSql, Mended: true),
        new("a child outlives the run that started it", LeftChildrenSql, Mended: true),
        new("a delayed run was not woken", OversleptSql, Mended: true),
        new("a run is beyond its deadline", LateSql, Mended: true),
    ];
}
