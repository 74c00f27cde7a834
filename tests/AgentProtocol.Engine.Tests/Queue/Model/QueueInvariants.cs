using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage.Audit;
using AgentProtocol.Engine.Tests.Support;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Model;

/// <summary>What holds after every committed step, asked of the database itself (design 3).</summary>
internal sealed class QueueInvariants(NpgsqlDataSource database)
{
    /// <summary>Those of the audit, but for what the loops mend that are not there.</summary>
    private static readonly string ViolationsSql = string.Join(
        " union all ",
        AuditRule.All.Where(rule => !rule.Mended).Select(rule => $"select '{rule.Broken.Replace("'", "''", StringComparison.Ordinal)}', q.* from ({rule.Sql}) q"));

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
