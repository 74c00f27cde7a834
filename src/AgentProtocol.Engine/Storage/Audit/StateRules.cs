namespace AgentProtocol.Engine.Storage.Audit;

/// <summary>The states of threads: heads, and the checkpoints behind them.</summary>
internal static class StateRules
{
    private const string HeadSql =
        """
        select h.thread_id from thread_heads h
        where h.head is not null and not exists (
            select from checkpoints c where c.thread_id = h.thread_id and c.id = h.head and c.n = h.head_n and c.segment = h.segment)
        """;

    private const string NumbersSql =
        """
        select distinct c.thread_id from checkpoints c left join thread_heads h using (thread_id)
        where h.thread_id is null or c.n > h.last_n or c.n < 1
        """;

    private const string IdsSql =
        """
        select distinct thread_id
        from (select thread_id, id <= lag(id) over (partition by thread_id order by n) as turned_back from checkpoints) c
        where turned_back
        """;

    private const string ParentsSql =
        """
        select distinct c.thread_id from checkpoints c
        where c.parent_id is not null and not exists (
            select from checkpoints p where p.thread_id = c.thread_id and p.id = c.parent_id and p.n < c.n)
        """;

    /// <summary>A state is read from the snapshot with the segment's number on; the table's own checks say that there is one.</summary>
    private const string SegmentsSql =
        """
        select distinct c.thread_id from checkpoints c
        where c.segment > c.n or not exists (select from checkpoints s where s.thread_id = c.thread_id and s.n = c.segment)
        """;

    private const string PausesSql =
        """
        select distinct p.thread_id from pauses p
        where not exists (select from checkpoints c where c.thread_id = p.thread_id and c.id = p.checkpoint_id)
        """;

    public static IReadOnlyList<AuditRule> All { get; } =
    [
        new("a head is not a checkpoint of its thread", HeadSql),
        new("checkpoints belong to no thread, or are beyond its count", NumbersSql),
        new("ids of checkpoints do not grow with their numbers", IdsSql),
        new("the parent of a checkpoint is missing", ParentsSql),
        new("the snapshot of a checkpoint's segment is missing", SegmentsSql),
        new("a pause has no checkpoint", PausesSql),
    ];
}
