using System.Diagnostics;
using AgentProtocol.Chaos.Checks;
using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Chaos.Faults;
using AgentProtocol.Chaos.History;
using AgentProtocol.Chaos.Load;
using AgentProtocol.Chaos.Reports;
using AgentProtocol.Engine;

namespace AgentProtocol.Chaos;

/// <summary>A cluster under load and faults, and the proof afterwards.</summary>
internal static class ChaosRun
{
    /// <summary>Within this time after the last fault every accepted run has to have ended.</summary>
    private static readonly TimeSpan SettleLimit = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan CheckLimit = TimeSpan.FromMinutes(10);

    private const int MostReplays = 1500;

    public static async Task<ChaosReport> ExecuteAsync(ChaosOptions options, TextWriter progress, CancellationToken cancellationToken)
    {
        var ledger = new Ledger();
        ChaosReport report;
        string folder;
        await using (var cluster = await ChaosCluster.StartAsync(options, ledger, cancellationToken))
        {
            folder = cluster.Folder;
            progress.WriteLine($"chaos: seed {options.Seed}, {options.Nodes} nodes, {(cluster.Gateway is null ? "nginx is not installed: clients go to the nodes in turn" : "behind nginx")}, files in {folder}");
            await cluster.AllUpAsync(cancellationToken);
            report = await ExecuteAsync(options, cluster, ledger, progress, cancellationToken);
        }

        if (report.IsGood)
        {
            Directory.Delete(folder, recursive: true);
        }

        return report;
    }

    private static async Task<ChaosReport> ExecuteAsync(
        ChaosOptions options, ChaosCluster cluster, Ledger ledger, TextWriter progress, CancellationToken cancellationToken)
    {
        var faults = new FaultLoop(cluster, ledger, options.Only, new Random(options.Seed), progress);
        using var calm = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var started = Stopwatch.GetTimestamp();
        var injecting = faults.RunAsync(calm.Token);
        var loading = new ClientCrowd(options, cluster.Addresses, ledger).RunAsync(quiet.Token, over.Token);
        await WhileAsync(() => Stopwatch.GetElapsedTime(started), options, ledger, faults, progress, cancellationToken);
        await calm.CancelAsync();
        await injecting;
        await quiet.CancelAsync();
        var elapsed = Stopwatch.GetElapsedTime(started);
        progress.WriteLine("chaos: no more faults");

        var ending = Stopwatch.GetTimestamp();
        await cluster.AllUpAsync(cancellationToken);
        // A client finishes its story within the limit, or a run does not end.
        await Task.WhenAny(loading, Task.Delay(SettleLimit, cancellationToken));
        ledger.Require(loading.IsCompleted, $"stuck: clients still wait {SettleLimit.TotalSeconds} s after the last fault");
        await over.CancelAsync();
        await loading;
        var left = await SettleAsync(cluster, ending, cancellationToken);
        var settled = Stopwatch.GetElapsedTime(ending);
        ledger.Require(left == 0, $"stuck: {left} runs have not ended {SettleLimit.TotalSeconds} s after the last fault");
        progress.WriteLine("chaos: everything has ended, checking");
        return await ProveAsync(options, cluster, ledger, faults, elapsed, settled, cancellationToken);
    }

    /// <summary>Until the duration is over and the wanted numbers are reached, at most three times as long.</summary>
    private static async Task WhileAsync(
        Func<TimeSpan> elapsed, ChaosOptions options, Ledger ledger, FaultLoop faults, TextWriter progress, CancellationToken cancellationToken)
    {
        while (elapsed() < options.Duration
            || (elapsed() < 3 * options.Duration && (ledger.Runs.Count < options.Runs || faults.Injected.Count < options.Faults)))
        {
            await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            if ((int)elapsed().TotalSeconds % 15 == 0)
            {
                progress.WriteLine($"chaos: {elapsed().TotalSeconds:0} s, {ledger.Runs.Count} runs, {faults.Injected.Count} faults, {ledger.Violations.Count} violations");
            }
        }

        ledger.Require(ledger.Runs.Count >= options.Runs, $"no progress: {ledger.Runs.Count} runs were accepted, {options.Runs} were wanted");
        ledger.Require(faults.Injected.Count >= options.Faults, $"{faults.Injected.Count} faults were injected, {options.Faults} were wanted");
    }

    /// <summary>Waits until no run is in flight. Gives how many still are when the time is over.</summary>
    private static async Task<long> SettleAsync(ChaosCluster cluster, long ending, CancellationToken cancellationToken)
    {
        await using var connection = await cluster.ConnectAsync(cancellationToken);
        await using var command = new Npgsql.NpgsqlCommand("select count(*) from run_work", connection);
        while (true)
        {
            var left = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
            if (left == 0 || Stopwatch.GetElapsedTime(ending) > SettleLimit)
            {
                return left;
            }

            await Task.Delay(200, cancellationToken);
        }
    }

    private static async Task<ChaosReport> ProveAsync(
        ChaosOptions options, ChaosCluster cluster, Ledger ledger, FaultLoop faults, TimeSpan elapsed, TimeSpan settled, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(CheckLimit);
        await using var connection = await cluster.ConnectAsync(cancellationToken);
        using var client = new Supervisor(0, cluster.Addresses, ledger, new LockedRandom(options.Seed), limit.Token);
        var replayed = await ReplayChecks.CheckAsync(ledger, client, MostReplays);
        var stored = await StoredRun.ReadAllAsync(connection);
        new RunChecks(ledger, stored, faults.Injected).Check();
        await new StateChecks(ledger, stored, client).CheckAsync();
        foreach (var finding in (await EngineAudit.RunAsync(cluster.Postgres.ConnectionString, cancellationToken: cancellationToken)).Findings)
        {
            ledger.Violation($"audit: {finding.Broken}: {string.Join(", ", finding.Ids.Take(5))}");
        }

        var runs = ledger.Runs.Values.Select(run => stored.GetValueOrDefault(run.RunId)?.Status ?? "erased").CountBy(status => status).ToDictionary();
        ledger.Require(runs.GetValueOrDefault("success") > ledger.Runs.Count / 2, $"no progress: {runs.GetValueOrDefault("success")} of {ledger.Runs.Count} runs succeeded");
        var takeovers = new TakeoverChecks(ledger, faults.Takeovers.Seen, faults.Injected);
        takeovers.Check(faults.Takeovers.Missed, options.Takeover);
        return new ChaosReport
        {
            Seed = options.Seed,
            Queue = string.Join(" ", [options.Queue, .. options.Settings.Select(setting => $"{setting.Key}={setting.Value}")]),
            Nodes = options.Nodes,
            ThroughNginx = cluster.Gateway is not null,
            Duration = elapsed,
            Settled = settled,
            Faults = faults.Injected.CountBy(fault => fault.Kind.ToString()).ToDictionary(),
            Runs = runs,
            Resumed = ledger.Runs.Keys.Count(id => stored.GetValueOrDefault(id)?.Attempt > 1),
            Replayed = replayed,
            Takeover = takeovers.All,
            UndisturbedTakeover = takeovers.Undisturbed,
            Counts = ledger.Counts,
            Violations = ledger.Violations,
            Folder = cluster.Folder,
        };
    }
}
