using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>Ready runs.</summary>
/// <param name="Count">How many there are.</param>
/// <param name="First">The first of those that were asked for.</param>
internal readonly record struct ReadyBatch(long Count, IReadOnlyList<Guid> First);

/// <summary>What a queue that carries runs one by one has to deliver: it compares this with what it has, and delivers again what got lost.</summary>
internal sealed class ReadyRuns(ProtocolDatabase database, RunLimits limits)
{
    /// <summary>
    /// The runs that a claim would take, of limited agents ($2, $3) only as many as may execute now. These come first, because
    /// nothing was delivered for them while they could not; then those that have waited longest: deliveries are carried out in
    /// their order, so that whoever was overtaken by younger runs has none. Counted are all of them, for the youngest have
    /// their deliveries too.
    /// </summary>
    private const string FindSql =
        $"""
        select run_id, total from (
            select ready.*, count(*) over () as total from (
                select w.run_id, w.available_at, false as limited from run_work w
                where w.state = 2 and (w.agent <> all($2) or {RunClaims.OnlyEnds})
                union all
                select own.run_id, own.available_at, true from unnest($2, $3) as a(agent, most)
                cross join lateral (
                    select w.run_id, w.available_at from run_work w
                    where w.state = 2 and w.agent = a.agent and {RunClaims.OnlyEnds} is not true
                    order by w.priority, w.available_at, w.run_id
                    limit greatest(a.most - (select count(*) from run_work o where o.agent = a.agent and {AgentClaims.Counts}), 0)) own) ready) counted
        where available_at <= now() - $1 and run_id <> all($4)
        order by limited desc, available_at, run_id
        limit $5
        """;

    /// <summary>Counts the ready runs, and finds some of them in the order in which a delivery is likeliest to be missing.</summary>
    /// <param name="since">How long those that are found must have been ready.</param>
    /// <param name="except">Not to be found again.</param>
    /// <param name="atMost">How many to find.</param>
    /// <param name="cancellationToken">Ends the search.</param>
    public async Task<ReadyBatch> FindAsync(TimeSpan since, IReadOnlyCollection<Guid> except, int atMost, CancellationToken cancellationToken)
    {
        var limited = limits.Limited;
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(FindSql, connection)
            .With(since)
            .WithColumn(limited, NpgsqlDbType.Text, agent => agent.Id)
            .WithColumn(limited, NpgsqlDbType.Integer, agent => agent.MaxConcurrentRuns!.Value)
            .With(except.ToArray(), NpgsqlDbType.Array | NpgsqlDbType.Uuid)
            .With(atMost);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> first = [];
        long count = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            first.Add(reader.GetGuid(0));
            count = reader.GetInt64(1);
        }

        return new ReadyBatch(count, first);
    }
}
