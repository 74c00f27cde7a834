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
internal sealed class TakeoverWatch(ChaosCluster cluster, Ledger ledger)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <summary>A kill does not wait longer than this for the database.</summary>
    private static readonly TimeSpan LookLimit = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Takeover> seen = new();
    private int missed;

    public IReadOnlyCollection<Takeover> Seen => seen;

    /// <summary>How many were not seen to go on within a minute.</summary>
    public int Missed => missed;

    /// <summary>The runs of a node that is about to be killed: afterwards others take them, and nothing says any more whose they were. Null when the database is away.</summary>
    public async Task<OrphanedRuns?> LookAsync(string node)
    {
        using var limit = new CancellationTokenSource(LookLimit);
        try
        {
            await using var connection = await cluster.ConnectAsync(limit.Token);
            return await OrphanedRuns.ReadAsync(connection, node, limit.Token);
        }
        catch (Exception exception) when (exception is NpgsqlException or OperationCanceledException)
        {
            ledger.Count("kills without a measured takeover");
            return null;
        }
    }

    /// <summary>Watches them until all go on elsewhere or have ended.</summary>
    /// <param name="orphans">The runs that the node had.</param>
    /// <param name="killedAt">When it was killed.</param>
    public async Task WatchAsync(OrphanedRuns orphans, long killedAt)
    {
        while (orphans.Count > 0 && Stopwatch.GetElapsedTime(killedAt) < Limit)
        {
            try
            {
                await using var connection = await cluster.ConnectAsync(CancellationToken.None);
                while (orphans.Count > 0 && Stopwatch.GetElapsedTime(killedAt) < Limit)
                {
                    for (var taken = await orphans.TakeAsync(connection); taken > 0; taken--)
                    {
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

        Interlocked.Add(ref missed, orphans.Count);
    }
}
