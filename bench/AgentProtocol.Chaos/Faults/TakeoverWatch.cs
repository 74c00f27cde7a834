using System.Collections.Concurrent;
using System.Diagnostics;
using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Chaos.History;
using Npgsql;

namespace AgentProtocol.Chaos.Faults;

/// <summary>A run whose node was killed.</summary>
/// <param name="KilledAt">When, by <see cref="Ledger.Now"/>.</param>
/// <param name="TakenAt">When another node was seen to execute it.</param>
internal readonly record struct Takeover(long KilledAt, long TakenAt)
{
    public TimeSpan Time => Stopwatch.GetElapsedTime(KilledAt, TakenAt);
}

/// <summary>Measures how long runs of killed nodes stand still.</summary>
internal sealed class TakeoverWatch(ChaosCluster cluster)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private const string OrphansSql = "select w.run_id from run_work w join nodes n on n.id = w.node where n.name = $1 and w.state = 3";

    /// <summary>Those of them that execute elsewhere, or have ended there.</summary>
    private const string TakenSql =
        """
        select o.run_id from unnest($2::uuid[]) as o(run_id) left join run_work w using (run_id)
        where w.run_id is null or (w.state = 3 and w.node <> all (array(select id from nodes where name = $1)))
        """;

    private readonly ConcurrentQueue<Takeover> seen = new();

    public IReadOnlyCollection<Takeover> Seen => seen;

    /// <summary>How many were not seen to go on within a minute.</summary>
    public int Missed { get; private set; }

    /// <summary>Watches the runs that a node had when it was killed.</summary>
    /// <param name="dead">The node's name.</param>
    /// <param name="killedAt">When it was killed.</param>
    public async Task WatchAsync(string dead, long killedAt)
    {
        HashSet<Guid>? orphans = null;
        while (orphans is null or { Count: > 0 } && Stopwatch.GetElapsedTime(killedAt) < Limit)
        {
            try
            {
                await using var connection = await cluster.ConnectAsync(CancellationToken.None);
                orphans ??= await ReadAsync(connection, OrphansSql, dead, null);
                while (orphans.Count > 0 && Stopwatch.GetElapsedTime(killedAt) < Limit)
                {
                    var taken = await ReadAsync(connection, TakenSql, dead, [.. orphans]);
                    foreach (var run in taken)
                    {
                        orphans.Remove(run);
                        seen.Enqueue(new Takeover(killedAt, Ledger.Now));
                    }

                    await Task.Delay(50);
                }
            }
            catch (NpgsqlException)
            {
                // Another fault; it goes on when the database is back.
                await Task.Delay(50);
            }
        }

        Missed += orphans?.Count ?? 0;
    }

    private static async Task<HashSet<Guid>> ReadAsync(NpgsqlConnection connection, string sql, string dead, Guid[]? orphans)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddWithValue(dead);
        if (orphans is not null)
        {
            command.Parameters.AddWithValue(orphans);
        }

        HashSet<Guid> ids = [];
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            ids.Add(reader.GetGuid(0));
        }

        return ids;
    }
}
