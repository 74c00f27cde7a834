using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Chaos.History;
using Npgsql;

namespace AgentProtocol.Chaos.Faults;

/// <summary>Injects faults that are drawn from the seed, one after the other and over one another.</summary>
internal sealed class FaultLoop(ChaosCluster cluster, Ledger ledger, IReadOnlySet<FaultKind> kinds, Random random, TextWriter progress)
{
    private static readonly (int Weight, FaultKind Kind)[] Weights =
        [(30, FaultKind.Kill), (12, FaultKind.Freeze), (20, FaultKind.Drain), (28, FaultKind.Sessions), (10, FaultKind.Database)];

    private readonly (int Weight, FaultKind Kind)[] wanted = [.. Weights.Where(fault => kinds.Contains(fault.Kind))];
    private readonly Lock gate = new();
    private readonly List<Fault> faults = [];
    private readonly List<Task> open = [];

    /// <summary>Those so far.</summary>
    public IReadOnlyList<Fault> Injected
    {
        get
        {
            lock (gate)
            {
                return [.. faults];
            }
        }
    }

    public TakeoverWatch Takeovers { get; } = new(cluster, ledger);

    /// <summary>Goes on until told to stop, and returns when nothing is under way any more.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await Task.Delay(random.Next(1200, 4500), stop);
                await InjectAsync(Draw(), stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // What is frozen has to be thawed, and takeovers are still measured.
            await Task.WhenAll(open);
        }
    }

    private FaultKind Draw()
    {
        var lot = random.Next(wanted.Sum(fault => fault.Weight));
        return wanted.First(fault => (lot -= fault.Weight) < 0).Kind;
    }

    private async Task InjectAsync(FaultKind kind, CancellationToken stop)
    {
        var pick = random.Next(1000);
        var up = cluster.Nodes.Where(node => node.IsUp).ToList();
        if (kind is FaultKind.Kill or FaultKind.Freeze or FaultKind.Drain)
        {
            // One node is left alone, or there would be no progress to speak of.
            if (up.Count < Math.Min(2, cluster.Nodes.Count))
            {
                return;
            }

            var node = up[pick % up.Count];
            var pause = random.Next(300, 4000);
            open.Add(kind == FaultKind.Kill ? KillAsync(node, pause, await Takeovers.LookAsync(node.Incarnation)) : HitNodeAsync(kind, node, pause, stop));
            return;
        }

        Note(kind, "");
        try
        {
            await cluster.Disturbance.DuringAsync(() => kind == FaultKind.Database ? cluster.Postgres.RestartAtOnceAsync(cancellationToken: CancellationToken.None) : DropSessionsAsync(1 + (pick % 12), pick));
        }
        catch (NpgsqlException)
        {
            // The database was just away; the fault before this one did as much.
        }
    }

    private Task KillAsync(Node node, int pause, OrphanedRuns? orphans)
    {
        node.RestartPause = TimeSpan.FromMilliseconds(pause);
        Note(FaultKind.Kill, node.Incarnation);
        var at = Ledger.Now;
        node.Kill();
        return orphans is null ? Task.CompletedTask : Takeovers.WatchAsync(orphans, at);
    }

    private async Task HitNodeAsync(FaultKind kind, Node node, int pause, CancellationToken stop)
    {
        node.RestartPause = TimeSpan.FromMilliseconds(pause);
        Note(kind, node.Incarnation);
        if (kind == FaultKind.Freeze)
        {
            node.Freeze();
            // 15 seconds make a node dead that still holds its lock; then it wakes up and knows nothing of it.
            await Task.WhenAny(Task.Delay(TimeSpan.FromMilliseconds(16_000 + pause), stop));
            node.Thaw();
            return;
        }

        node.Terminate();
        await node.EndedAsync(CancellationToken.None);
    }

    private async Task DropSessionsAsync(int count, int pick)
    {
        await using var connection = await cluster.ConnectAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(
            """
            select pg_terminate_backend(pid) from pg_stat_activity
            where datname = current_database() and pid <> pg_backend_pid() and application_name <> 'chaos' and backend_type = 'client backend'
            order by hashint4(pid # $1) limit $2
            """,
            connection);
        command.Parameters.AddWithValue(pick);
        command.Parameters.AddWithValue(count);
        await command.ExecuteNonQueryAsync();
    }

    private void Note(FaultKind kind, string what)
    {
        ledger.Count($"fault {kind}");
        progress.WriteLine($"  {DateTime.UtcNow:HH:mm:ss} {kind} {what}");
        lock (gate)
        {
            faults.Add(new Fault(kind, Ledger.Now, DateTime.UtcNow));
        }
    }
}
