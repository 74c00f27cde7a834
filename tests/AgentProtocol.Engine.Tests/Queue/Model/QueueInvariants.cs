using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Tests.Support;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Model;

/// <summary>What holds after every committed step, asked of the database itself (design 3).</summary>
internal sealed class QueueInvariants(NpgsqlDataSource database)
{
    private const string ViolationsSql =
        """
        select 'more than one run of the thread is in the slot', thread_id from run_work where state > 0 group by thread_id having count(*) > 1
        union all
        select 'active_run is not the run in the slot', h.thread_id from thread_heads h
        where h.active_run is distinct from (select run_id from run_work w where w.thread_id = h.thread_id and w.state > 0)
        union all
        select 'waiting is not the number of waiting runs', h.thread_id from thread_heads h
        where h.waiting <> (select count(*) from run_work w where w.thread_id = h.thread_id and w.state = 0)
        union all
        select 'runs wait for a free slot', thread_id from thread_heads where waiting > 0 and active_run is null
        union all
        select 'busy without a run, or idle with one', thread_id from thread_heads where (status = 'busy') <> (active_run is not null)
        union all
        select 'unmerged is not the number of unmerged runs', h.thread_id from thread_heads h
        where h.unmerged <> (select count(*) from runs r where r.thread_id = h.thread_id and r.unmerged)
                          + (select count(*) from run_updates u where u.thread_id = h.thread_id and u.delivered_at is null and u.run_id is distinct from h.active_run)
        union all
        select 'untaken is not the number of updates that the active run has not taken', h.thread_id from thread_heads h
        where h.untaken <> (select count(*) from run_updates u where u.thread_id = h.thread_id and u.delivered_at is null and u.run_id = h.active_run)
        union all
        select 'updates without a run, or in another order than they were counted', u.run_id from run_updates u
        left join runs r using (run_id) left join run_work w using (run_id)
        where coalesce(w.updates, r.updates, -1) <> (select max(n) from run_updates v where v.run_id = u.run_id)
           or exists (select from run_updates v where v.run_id = u.run_id and v.n < u.n and v.delivered_at is null and u.delivered_at is not null)
        union all
        select 'active without work, or ended with work', r.run_id from runs r
        where (r.status = 'active') <> exists (select from run_work w where w.run_id = r.run_id)
        union all
        select 'events have a gap', e.run_id
        from (select run_id, first_event, lag(first_event + count, 1, 0) over (partition by run_id order by first_event) as expected from run_events) e
        where e.first_event <> e.expected
        union all
        select 'the count of events is wrong', r.run_id from runs r left join run_work w using (run_id)
        where coalesce(r.event_count, w.next_event) <> coalesce((select sum(count) from run_events e where e.run_id = r.run_id), 0)
        union all
        select 'events without a run', e.run_id from run_events e where not exists (select from runs r where r.run_id = e.run_id)
        union all
        select 'the head is not a checkpoint of the thread', h.thread_id from thread_heads h
        where h.head is not null and not exists (
            select from checkpoints c where c.thread_id = h.thread_id and c.id = h.head and c.n = h.head_n and c.segment = h.segment)
        """;

    private const string RunsSql =
        """
        select r.run_id, coalesce(w.state::int, array_position(array['success', 'error', 'timeout', 'interrupted'], r.status) + 9), coalesce(w.fence, 0),
               concat_ws(' ', r.status, r.error, r.event_count, r.ended_at, r.attempt)
        from runs r left join run_work w using (run_id)
        """;

    private readonly Dictionary<Guid, (RunState State, int Fence, string Row)> seen = [];

    /// <summary>The states of all runs; fails when something does not hold, or changed in a way that the table does not know.</summary>
    public async Task<Dictionary<Guid, RunState>> CheckAsync(IReadOnlyCollection<Guid> deletedThreadsRuns)
    {
        await CheckRowsAsync();
        Dictionary<Guid, RunState> states = [];
        foreach (var line in await database.LinesAsync(RunsSql))
        {
            var columns = line.Split('|', 4);
            var (id, state, fence) = (Guid.Parse(columns[0]), (RunState)short.Parse(columns[1]), int.Parse(columns[2]));
            states.Add(id, state);
            CheckChange(id, state, fence, columns[3]);
            seen[id] = (state, fence, columns[3]);
        }

        foreach (var (gone, before) in seen.Where(run => !states.ContainsKey(run.Key) && run.Value.State != RunState.Erased).ToList())
        {
            Assert.True(deletedThreadsRuns.Contains(gone) || RunTransitions.Allows(before.State, RunState.Erased), $"{before.State} was erased");
            seen[gone] = (RunState.Erased, 0, "");
        }

        return states;
    }

    /// <summary>Fails when the rows of now contradict each other.</summary>
    public async Task CheckRowsAsync() => Assert.Empty(await database.LinesAsync(ViolationsSql));

    private void CheckChange(Guid id, RunState state, int fence, string row)
    {
        if (!seen.TryGetValue(id, out var before))
        {
            // Superseded at once by the same command it never is: it is seen where it was born.
            Assert.Contains(state, RunTransitions.Initial);
            return;
        }

        Assert.True(before.State == state || RunTransitions.Allows(before.State, state), $"{before.State} became {state}");
        if (before.State.IsTerminal)
        {
            Assert.Equal(before.Row, row);
        }
        else if (!state.IsTerminal)
        {
            Assert.True(fence >= before.Fence, "A fence went back");
        }
    }
}
