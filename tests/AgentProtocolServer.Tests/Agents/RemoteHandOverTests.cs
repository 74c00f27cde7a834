using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

public sealed class RemoteHandOverTests(RemoteFixture servers) : IClassFixture<RemoteFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_stops_leaves_the_run_there_to_its_successor()
    {
        var near = servers.Near.Client;
        var thread = await near.NewThreadAsync();
        var run = (await near.PostAsync($"/threads/{thread}/runs", new { assistant_id = "far-gated", input = Protocol.Say("work") }).OkAsync()).Text("run_id");
        await Until.TrueAsync(async () => (await near.GetJsonAsync($"/threads/{thread}")).GetProperty("values").TryGetProperty("worked", out _), Token);

        await servers.ReplaceNearAsync();
        servers.Gated.Open();

        await servers.Near.Client.WaitForStatusAsync(thread, run, "success");
        var values = (await servers.Near.Client.GetJsonAsync($"/threads/{thread}")).GetProperty("values");
        Assert.Equal(["human: work", "ai: Here you are."], values.Conversation());
        Assert.Equal("success", Assert.Single(await servers.FarRunsAsync(thread)).Text("status"));
    }
}
