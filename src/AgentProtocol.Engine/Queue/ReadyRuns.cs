using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>What a queue that carries runs one by one has to deliver: it compares this with what it has, and delivers again what got lost.</summary>
internal sealed class ReadyRuns(ProtocolDatabase database, RunLimits limits)
{
    /// <summary>
    /// The runs that a claim would take, of limited agents ($2, $3) only as many as may execute now. These come first, because
    /// nothing was delivered for them while they could not; then those that became ready last, which are the likeliest to be
    /// on no way yet.
    /// </summary>
    private const string FindSql =
        $"""
        select run_id from (
            select w.run_id, w.priority, w.available_at, false as limited from run_work w
            where w.state = 2 and w.available_at <= now() - $1 and (w.agent <> all($2) or {RunClaims.OnlyEnds})
            union all
            select own.run_id, own.priority, own.available_at, true from unnest($2, $3) as a(agent, most)
            cross join lateral (
                select w.run_id, w.priority, w.available_at from run_work w
                where w.state = 2 and w.agent = a.agent and w.available_at <= now() - $1 and {RunClaims.OnlyEnds} is not true
                order by w.priority, w.available_at, w.run_id
                limit greatest(a.most - (select count(*) from run_work o where o.agent = a.agent and {AgentClaims.Counts}), 0)) own) ready
        order by limited desc, priority, available_at desc
        """;

    /// <summary>Finds the runs that have been ready for at least this long, in the order in which a delivery is likeliest to be missing.</summary>
    public async Task<IReadOnlyList<Guid>> FindAsync(TimeSpan since, CancellationToken cancellationToken)
    {
        var limited = limits.Limited;
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(FindSql, connection)
            .With(since)
            .WithColumn(limited, NpgsqlDbType.Text, agent => agent.Id)
            .WithColumn(limited, NpgsqlDbType.Integer, agent => agent.MaxConcurrentRuns!.Value);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> ready = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            ready.Add(reader.GetGuid(0));
        }

        return ready;
    }
}
