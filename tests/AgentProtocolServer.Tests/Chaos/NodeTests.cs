using AgentProtocol.Chaos.Cluster;
using AgentProtocol.Chaos.History;
using AgentProtocol.Testing;
using Xunit;

namespace AgentProtocolServer.Tests.Chaos;

/// <summary>A node that does not start is a finding, unless it had no database to start with.</summary>
public sealed class NodeTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("agentprotocol-node-").FullName;
    private readonly Ledger ledger = new();
    private readonly Disturbance disturbance = new();

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task An_end_before_it_was_ready_is_a_violation()
    {
        await FailToStartAsync();
        Assert.StartsWith("node node-7.1 ended with exit code 1 before it was ready", ledger.Violations.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_something_is_done_to_the_database_it_is_none()
    {
        await disturbance.DuringAsync(FailToStartAsync);
        Assert.Empty(ledger.Violations);
    }

    [Fact]
    public async Task What_was_done_to_the_database_before_its_start_is_no_excuse()
    {
        await disturbance.DuringAsync(() => Task.CompletedTask);
        await FailToStartAsync();
        Assert.NotEmpty(ledger.Violations);
    }

    private async Task FailToStartAsync()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no program false.");
        using var stop = new CancellationTokenSource();
        var node = new Node(7, 1, "false", folder, new Dictionary<string, string>(), ledger, disturbance);
        var supervising = node.SuperviseAsync(stop.Token);
        await Until.TrueAsync(() => Task.FromResult(ledger.Counts.ContainsKey("starts given up")), TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await supervising;
    }
}
