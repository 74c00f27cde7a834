using System.Runtime.CompilerServices;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// Takes runs of agents that may execute only so many at once, whatever the number of nodes. Claims for the same agent go one
/// after the other, so that each counts what those before it have taken.
/// </summary>
internal sealed class AgentClaims(ProtocolDatabase database, RunLimits limits, IOptions<RunsOptions> options)
{
    /// <summary>Any number, but the same in every version and no other's.</summary>
    internal const int LockClass = 0x4147_4e54;

    /// <summary>
    /// Whether a run <c>o</c> counts against the limit of its agent. One with children in flight waits for them and does not: an
    /// agent that works through itself would wait forever.
    /// </summary>
    internal const string Counts = "o.state = 3 and not exists (select from run_work child where child.parent_run_id = o.run_id)";

    /// <summary>
    /// The agents among those given that seem to have both a ready run and room, longest waiting first. Most looks end
    /// here, without a lock.
    /// </summary>
    private const string CandidatesSql =
        $"""
        select a.agent, a.most from unnest($1, $2) as a(agent, most)
        cross join lateral (
            select w.priority, w.available_at from run_work w where w.state = 2 and w.agent = a.agent
            order by w.priority, w.available_at, w.run_id limit 1) longest
        where (select count(*) from run_work o where o.agent = a.agent and {Counts}) < a.most
        order by longest.priority, longest.available_at
        """;

    /// <summary>Waits for a claim of the same agent in flight. Agents whose hashes meet wait for each other, and lose nothing else by it.</summary>
    internal const string LockSql = "select pg_advisory_xact_lock($1, hashtext($2))";

    /// <summary>Takes what is left of the limit. A statement of its own behind the lock: it has to see what was taken under it before.</summary>
    private const string ClaimSql =
        $"""
        with node as (select id from nodes where id = $1 for key share),
        ready as (
            select w.run_id from run_work w, node
            where w.state = 2 and w.agent = $4 and ($6::uuid is null or w.run_id = $6)
            order by w.priority, w.available_at, w.run_id
            limit least($2, greatest($5 - (select count(*) from run_work o where o.agent = $4 and {Counts}), 0))
            for no key update of w skip locked),
        {RunClaims.Take}
        """;

    /// <summary>Claims up to a number of runs, each as soon as it is certainly this node's.</summary>
    public async IAsyncEnumerable<ClaimedRun> ClaimAsync(Guid node, int room, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var (agent, most) in await FindCandidatesAsync(cancellationToken))
        {
            if (room <= 0)
            {
                yield break;
            }

            foreach (var run in await ClaimAsync(node, room, agent, most, runId: null, cancellationToken))
            {
                room--;
                yield return run;
            }
        }
    }

    /// <summary>Claims one run by id; null when its agent is not limited or executes all it may, or when the run is not ready.</summary>
    public async Task<ClaimedRun?> ClaimOneAsync(Guid node, Guid runId, CancellationToken cancellationToken) =>
        limits.Limited.Count > 0
        && await FindAgentAsync(runId, cancellationToken) is { } agent && limits.MostAtOnce(agent) is { } most
        && await ClaimAsync(node, room: 1, agent, most, runId, cancellationToken) is [var run] ? run : null;

    private async Task<string?> FindAgentAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select agent from run_work where run_id = $1 and state = 2", connection).With(runId);
        return (string?)await command.ExecuteScalarAsync(cancellationToken);
    }

    private async Task<IReadOnlyList<(string Agent, int Most)>> FindCandidatesAsync(CancellationToken cancellationToken)
    {
        var limited = limits.Limited;
        if (limited.Count == 0)
        {
            return [];
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(CandidatesSql, connection)
            .WithColumn(limited, NpgsqlDbType.Text, agent => agent.Id)
            .WithColumn(limited, NpgsqlDbType.Integer, agent => agent.MaxConcurrentRuns!.Value);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(string, int)> candidates = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            candidates.Add((reader.GetString(0), reader.GetInt32(1)));
        }

        return candidates;
    }

    private async Task<IReadOnlyList<ClaimedRun>> ClaimAsync(
        Guid node, int room, string agent, int most, Guid? runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var alone = new NpgsqlCommand(LockSql, connection).With(LockClass).With(agent))
        {
            await alone.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var command = new NpgsqlCommand(ClaimSql, connection)
            .With(node).With(room).With(options.Value.Timeout).With(agent).With(most).With(runId, NpgsqlDbType.Uuid);
        var runs = await RunClaims.ReadAsync(command, node);
        await transaction.CommitAsync(CancellationToken.None);
        return runs;
    }
}
