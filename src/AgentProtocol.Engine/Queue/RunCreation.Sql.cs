namespace AgentProtocol.Engine.Queue;

internal sealed partial class RunCreation
{
    /// <summary>
    /// The metadata of a run: that of the request (<c>g</c>) over that of the thread (<c>t</c>) over that of the
    /// assistant. Where one lies alone its text is kept; the type <c>json</c> keeps the text of each value elsewhere.
    /// All of them were found storable as <c>jsonb</c> before.
    /// </summary>
    private const string Metadata =
        """
        cross join lateral (
            select case
                when g.base is null and t.filter is null then g.metadata
                when g.base is null and g.filter is null then t.metadata
                else (
                    select '{' || string_agg(to_json(name)::text || ':' || value, ',' order by layer, place) || '}'
                    from (select distinct on (name) name, value, layer, place
                          from (select 0, e.* from json_each(coalesce(g.base, '{}')::json) with ordinality e
                                union all select 1, e.* from json_each(t.metadata::json) with ordinality e
                                union all select 2, e.* from json_each(g.metadata::json) with ordinality e) part (layer, name, value, place)
                          order by name, layer desc) winner)
                end as metadata,
                case when g.base is null and t.filter is null then g.filter::jsonb
                     else coalesce(g.base::jsonb, '{}') || coalesce(t.filter, '{}') || coalesce(g.filter::jsonb, '{}') end as filter) merged
        """;

    /// <summary>
    /// Stores runs on free threads: takes the slots, and inserts. A thread that is busy, unknown or locked gives no row,
    /// nor does an assistant that was wrongly taken for unedited, nor a
    /// thread that is to be deleted, unless $21 says that the caller has found it alive under its lock.
    /// A run is born running only while its node's row exists: the share lock makes a reaper of that node wait for us.
    /// </summary>
    private const string CreateOnFreeThreadsSql =
        $$"""
        with node as (select id from nodes where id = $1 for key share),
        locked as (
            select g.*, h.config as thread_config
            from thread_heads h
                join unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17, $18, $19, $20, $22, $23, $24)
                    as g(run_id, thread_id, owner, agent, assistant_id, request, metadata, filter, config, strategy, stateless,
                         state, delay, stream_node, unedited, assistant, base, deletes_thread, time_limit, queue_wait, parent_run_id)
                on g.thread_id = h.thread_id and g.owner = h.owner
            where h.active_run is null and (not h.disposable or $21)
              and not (g.unedited and exists (select from assistants a where a.owner = g.owner and a.assistant_id = g.assistant_id))
            order by h.thread_id for no key update of h skip locked),
        head as (
            update thread_heads h
            set active_run = g.run_id, run_no = h.run_no + 1, status = 'busy', agent = g.agent, assistant_id = g.assistant_id,
                config = coalesce(g.config, h.config), updated_at = now()
            from locked g where h.thread_id = g.thread_id
            returning g.*, h.run_no, h.last_n, h.unmerged),
        born as (
            select g.run_id, g.thread_id, g.owner, g.agent, g.assistant_id, g.assistant, g.thread_config, g.request, g.strategy, g.stateless,
                   g.deletes_thread, g.parent_run_id, g.delay, g.stream_node, g.time_limit, g.queue_wait, g.run_no, g.last_n, g.unmerged,
                   merged.metadata, merged.filter, start.state, case start.state when 3 then now() + coalesce(g.time_limit, $16) end as deadline_at
            from head g join threads t using (thread_id)
            cross join lateral (select case when g.state = 3 and not exists (select from node) then 2 else g.state end as state) start
            {{Metadata}}),
        run as (
            insert into runs (run_id, thread_id, run_no, owner, agent, assistant_id, assistant, thread_config, request, metadata, filter,
                              strategy, stateless, deletes_thread, parent_run_id)
            select run_id, thread_id, run_no, owner, agent, assistant_id, assistant, thread_config, request, metadata, filter,
                   strategy, stateless, deletes_thread, parent_run_id
            from born),
        work as (
            insert into run_work (run_id, thread_id, run_no, owner, state, available_at, node, fence, attempt, stream_node, deadline_at,
                                  started_at, agent, parent_run_id, time_limit, start_by)
            select run_id, thread_id, run_no, owner, state, now() + delay,
                   case state when 3 then $1 end, case state when 3 then 1 else 0 end, case state when 3 then 1 else 0 end,
                   stream_node, deadline_at, case state when 3 then now() end,
                   agent, parent_run_id, time_limit, case when state < 3 then now() + delay + queue_wait end
            from born)
        select run_id, state, run_no, last_n, unmerged, now(), deadline_at, metadata, thread_config from born
        """;

    /// <summary>
    /// A run whose commit was uncertain: running only if it is claimed by the given node for the first time, so that the
    /// claim can be handed over; otherwise nobody has to be told anything.
    /// </summary>
    private const string LookUpSql =
        """
        select r.run_id, case when w.state = 3 and w.node = $2 and w.fence = 1 then 3::smallint else 0::smallint end,
               r.run_no, coalesce(h.last_n, 0), coalesce(h.unmerged, 0), r.created_at, w.deadline_at,
               r.metadata, r.thread_config
        from runs r left join run_work w using (run_id) left join thread_heads h on h.thread_id = r.thread_id
        where r.run_id = $1
        """;

    private const string LockHeadSql =
        """
        select h.active_run, $4 and exists (select from assistants a where a.owner = $2 and a.assistant_id = $3), h.disposable
        from thread_heads h where h.thread_id = $1 and h.owner = $2 for no key update of h
        """;

    /// <summary>Stores a run behind the one that holds the slot. The head is locked.</summary>
    private const string EnqueueSql =
        $$"""
        with before as (select config from thread_heads where thread_id = $2),
        head as (
            update thread_heads
            set run_no = run_no + 1, waiting = waiting + 1, status = 'busy', agent = $4, assistant_id = $5,
                config = coalesce($9, config), updated_at = now()
            where thread_id = $2
            returning run_no, last_n, unmerged),
        run as (
            insert into runs (run_id, thread_id, run_no, owner, agent, assistant_id, assistant, thread_config, request, metadata, filter,
                              strategy, stateless, deletes_thread)
            select $1, $2, run_no, $3, $4, $5, $14, before.config, $6, merged.metadata, merged.filter, $10, $11, $16
            from head cross join before join threads t on t.thread_id = $2 cross join (select $7 as metadata, $8 as filter, $15 as base) g
            {{Metadata}}
            returning metadata, thread_config),
        work as (
            insert into run_work (run_id, thread_id, run_no, owner, state, available_at, stream_node, agent, time_limit, start_by)
            select $1, $2, run_no, $3, 0, now() + $12, $13, $4, $17, now() + $12 + $18 from head)
        select head.run_no, now(), run.metadata, run.thread_config from head cross join run
        """;
}
