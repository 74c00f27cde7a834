using System.Globalization;
using AgentProtocol.Chaos;
using AgentProtocol.Chaos.Reports;
using AgentProtocol.DevPostgres;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Chaos;

/// <summary>Alone on the machine: it takes all of it, and tests beside it would wait for theirs.</summary>
[CollectionDefinition(nameof(ChaosTests), DisableParallelization = true)]
public sealed class ChaosCollection;

/// <summary>A short run of <c>./dev chaos</c>.</summary>
[Collection(nameof(ChaosTests))]
public sealed class ChaosTests
{
    private const int UsualSeed = 20261128;

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task Nothing_that_was_acknowledged_is_lost_whatever_dies(string queue)
    {
        Queues.SkipUnlessBuilt(queue);
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no signals to stop and go on with.");
        var seed = int.TryParse(Environment.GetEnvironmentVariable("AGENTPROTOCOL_CHAOS_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : UsualSeed;
        Notes.Tell($"Chaos test with {queue}: AGENTPROTOCOL_CHAOS_SEED={seed}");
        var options = new ChaosOptions
        {
            Seed = seed,
            Duration = TimeSpan.FromSeconds(60),
            Clients = 16,
            Queue = queue,
            Settings = queue == Queues.Hangfire ? new() { ["Runs:MaxConcurrent"] = Queues.DeployedRuns } : [],
            Server = Path.Combine(AppContext.BaseDirectory, "agentprotocol"),
            Folder = LeftoverClusters.NewFolder(),
        };
        using var output = new StringWriter();
        try
        {
            var report = await ChaosRun.ExecuteAsync(options, output, TestContext.Current.CancellationToken);
            ReportWriter.Write(report, output);
            Notes.Tell(Summary(report));
            Assert.True(report.IsGood, output.ToString());
        }
        catch (PrivatePostgresException problem) when (problem.BinariesMissing)
        {
            MissingPostgres.SkipOrFail(problem);
        }
    }

    private static string Summary(ChaosReport report) => string.Create(
        CultureInfo.InvariantCulture, $"Chaos test with {report.Queue}: {report.Faults.Values.Sum()} faults, {report.Runs.Values.Sum()} runs, {report.Violations.Count} violations");
}
