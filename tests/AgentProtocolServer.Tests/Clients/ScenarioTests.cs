using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Clients;

/// <summary>Unmodified npm clients against our server; the scenarios are the files below <c>tests/clients/scenarios</c>.</summary>
public sealed class ScenarioTests(ApprovalFixture fixture) : IClassFixture<ApprovalFixture>
{
    public static TheoryData<string> Scenarios =>
        [.. Directory.GetFiles(Path.Combine(NodeClients.Folder, "scenarios"), "*.mjs").Select(file => Path.GetFileNameWithoutExtension(file)).Order()];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Real_clients_are_satisfied(string scenario)
    {
        var url = fixture.Client.BaseAddress!.ToString().TrimEnd('/');
        var (exitCode, output) = await NodeClients.RunAsync($"scenarios/{scenario}.mjs", new Dictionary<string, string> { ["AGENT_PROTOCOL_URL"] = url });
        Assert.True(exitCode == 0, output);
    }
}
