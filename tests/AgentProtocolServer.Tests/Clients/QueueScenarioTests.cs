using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Clients;

/// <summary>Clients do not notice what carries their runs: the walks once more, with Hangfire.</summary>
public sealed class QueueScenarioTests(HangfireFixture fixture) : IClassFixture<HangfireFixture>
{
    /// <summary>Scenarios that start no run.</summary>
    private static readonly string[] Others = ["store"];

    public static TheoryData<string> Walks =>
        [.. Directory.GetFiles(Path.Combine(NodeClients.Folder, "scenarios"), "*.mjs").Select(file => Path.GetFileNameWithoutExtension(file)).Except(Others).Order()];

    [Theory]
    [MemberData(nameof(Walks))]
    public async Task Clients_are_satisfied_with_hangfire(string scenario)
    {
        var url = fixture.Client.BaseAddress!.ToString().TrimEnd('/');
        var (exitCode, output) = await NodeClients.RunAsync($"scenarios/{scenario}.mjs", new Dictionary<string, string> { ["AGENT_PROTOCOL_URL"] = url });
        Assert.True(exitCode == 0, output);
    }
}
