using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The user journeys of the Agent Protocol's README, as printed (wire-contract 14).</summary>
public sealed class JourneyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    [Proves("POST /threads/{thread_id}/runs", Client.AgentProtocol)]
    [Proves("GET /threads/{thread_id}/runs", Client.AgentProtocol)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/wait", Client.AgentProtocol)]
    public async Task Journey_1_create_a_thread_read_it_create_a_run_and_wait_for_its_output()
    {
        const string Id = "229c1834-bc04-4d90-8fd6-77f6b9ef1462";
        var thread = await client.PostAsync("/threads", $$$"""{"thread_id": "{{{Id}}}", "metadata": {"purpose": "support-chat"}}""").OkAsync();
        Assert.Equal(Id, thread.Text("thread_id"));
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{Id}")).Text("status"));
        var run = await client.PostAsync(
            $"/threads/{Id}/runs", """{"input": {"message": "Hi there, what's the weather?"}, "metadata": {"requestType": "weatherQuery"}}""").OkAsync();
        Assert.Equal("pending", run.Text("status"));
        var runId = run.Text("run_id");
        Assert.Equal("success", (await client.GetJsonAsync($"/threads/{Id}/runs/{runId}/wait")).Text("status"));

        // The base endpoint of the README that its OpenAPI document lacks.
        Assert.Equal(runId, Assert.Single((await client.GetJsonAsync($"/threads/{Id}/runs")).EnumerateArray()).Text("run_id"));
    }

    [Fact]
    [Proves("POST /runs/wait", Client.AgentProtocol)]
    public async Task Journey_2_a_stateless_run_in_one_request()
    {
        var answer = await client.PostAsync(
            "/runs/wait",
            """{"input": {"prompt": "What's the fastest route to the airport?"}, "metadata": {"useCase": "travelPlan"}, "config": {"tags": ["ephemeral", "demo"]}}""").OkAsync();
        Assert.Equal("success", answer.GetProperty("run").Text("status"));
    }
}
