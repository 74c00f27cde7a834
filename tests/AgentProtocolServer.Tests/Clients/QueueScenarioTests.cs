using AgentProtocol.Testing.Agents;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Clients;

/// <summary>Clients do not notice what carries their runs: the walks once more, with Hangfire.</summary>
public sealed class QueueScenarioTests
{
    [Theory]
    [InlineData("deep-agents")]
    [InlineData("sdk-runs")]
    [InlineData("sdk-streams")]
    [InlineData("protocol-stream")]
    public async Task Clients_are_satisfied_with_hangfire(string scenario)
    {
        await using var server = await TestServer.StartAsync([ApprovalAgent.Definition], [Queues.Setting(Queues.Hangfire)]);
        var url = server.Client.BaseAddress!.ToString().TrimEnd('/');
        var (exitCode, output) = await NodeClients.RunAsync($"scenarios/{scenario}.mjs", new Dictionary<string, string> { ["AGENT_PROTOCOL_URL"] = url });
        Assert.True(exitCode == 0, output);
    }
}
