namespace AgentProtocol.Engine.Storage.Audit;

/// <summary>The event logs of runs. Those of dropped days are gone as a whole, which is no gap.</summary>
internal static class EventRules
{
    private const string DenseSql =
        """
        select distinct e.run_id
        from (select run_id, first_event, lag(first_event + count, 1, 0::bigint) over (partition by run_id order by first_event) as expected
              from run_events) e
        where e.first_event <> e.expected
        """;

    /// <summary>The day of a run is in the first bits of its id, and in the name of its partition.</summary>
    private const string CountSql =
        """
        select r.run_id from runs r left join run_work w using (run_id)
        where coalesce(r.event_count, w.next_event) <> coalesce((select sum(count) from run_events e where e.run_id = r.run_id), 0)
          and exists (
              select from pg_inherits i join pg_class c on c.oid = i.inhrelid
              where i.inhparent = 'run_events'::regclass and c.relname = 'run_events_' || to_char(
                  to_timestamp(('x' || left(replace(r.run_id::text, '-', ''), 12))::bit(48)::bigint / 1000.0) at time zone 'UTC', 'YYYYMMDD'))
        """;

    private const string WithoutRunSql =
        "select distinct e.run_id from run_events e where not exists (select from runs r where r.run_id = e.run_id)";

    private const string LinesSql =
        "select run_id, cardinality(string_to_array(frames, E'\\n')) <> count as wrong from run_events";

    private const string FrameCountSql = $"select distinct run_id from ({LinesSql}) p where wrong";

    /// <summary>A frame's first field is its number among the events of the stream modes, or says that it is an event of the streaming protocol.</summary>
    private const string NumbersSql =
        """
        with frame as (
            select run_id, next_number, first_event, place, split_part(line, E'\t', 1) as number
            from run_events, unnest(string_to_array(frames, E'\n')) with ordinality as f(line, place)),
        numbered as (
            select run_id, next_number, case when number <> '+' then number end as number,
                   count(*) filter (where number <> '+') over (partition by run_id order by first_event, place) as through,
                   count(*) filter (where number <> '+') over (partition by run_id order by first_event) as through_page
            from frame)
        select distinct run_id from numbered where number <> (through - 1)::text or next_number <> through_page
        """;

    private const string Terminal =
        """
        terminal as (
            select run_id, count(*) as ends
            from run_events, unnest(string_to_array(frames, E'\n')) as f(line)
            where line ~ E'^\\+\tlifecycle\t[^\t]*\t[^\t]*\t\t\\{"event":"(completed|failed|interrupted)"'
            group by run_id)
        """;

    /// <summary>
    /// Before the streaming protocol no log had such frames, and what ends without an executor may have none: its readers make one from the run's row.
    /// </summary>
    private const string TerminalSql =
        $"""
        with {Terminal}
        select r.run_id from runs r join terminal t using (run_id) where t.ends > 1 or r.status = 'active'
        union all
        select r.run_id from runs r
        where r.status = 'success' and not exists (select from terminal t where t.run_id = r.run_id)
          and exists (select from run_events e where e.run_id = r.run_id and e.frames ~ E'(^|\n)\\+')
        """;

    public static IReadOnlyList<AuditRule> All { get; } =
    [
        new("events of a run have a gap", DenseSql),
        new("a run's count of events is wrong", CountSql),
        new("events belong to no run", WithoutRunSql),
        new("a page does not hold as many events as it says", FrameCountSql),
        new("events of the stream modes are not numbered 0, 1, 2, …", NumbersSql),
        new("a run that goes on has ended in its log, or one that has ended has not exactly one end there", TerminalSql),
    ];
}
