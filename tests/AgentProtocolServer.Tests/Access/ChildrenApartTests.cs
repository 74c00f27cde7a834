using System.Net;
using AgentProtocol.Agents;
using AgentProtocol.Testing.Agents;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>Runs that agents start belong to whom their parent belongs to.</summary>
public sealed class ChildrenApartTests(ChildrenApartTests.Fixture fixture) : IClassFixture<ChildrenApartTests.Fixture>
{
    [Fact]
    public async Task A_child_and_its_thread_are_those_of_the_owner_of_its_parent_and_unknown_to_all_others()
    {
        var (ann, ben) = (await fixture.Server.ClientOfAsync("ann"), await fixture.Server.ClientOfAsync("ben"));
        var thread = await ann.NewThreadAsync();
        var values = await ann.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "delegating", input = Protocol.Say("hello") }).OkAsync();
        Assert.Equal(["human: hello", "ai: success: echo: hello"], values.Conversation());

        var parent = Assert.Single((await ann.GetJsonAsync($"/threads/{thread}/runs")).EnumerateArray());
        Assert.False(parent.TryGetProperty("parent_run_id", out _));
        var search = new { metadata = new { parent_run_id = parent.Text("run_id") } };
        var child = Assert.Single((await ann.PostAsync("/runs/search", search).OkAsync()).EnumerateArray());
        var (run, on) = (child.Text("run_id"), child.Text("thread_id"));
        Assert.Equal((parent.Text("run_id"), "success", "echo"), (child.Text("parent_run_id"), child.Text("status"), child.Text("agent_id")));
        Assert.Equal(thread, (await ann.GetJsonAsync($"/threads/{on}")).GetProperty("metadata").Text("parent_thread_id"));
        Assert.Equal(parent.Text("run_id"), (await ann.GetJsonAsync($"/threads/{on}/runs/{run}")).Text("parent_run_id"));
        Assert.Equal(["human: hello", "ai: echo: hello"], (await ann.GetJsonAsync($"/threads/{on}/state")).GetProperty("values").Conversation());

        foreach (var path in new[] { $"/threads/{on}", $"/threads/{on}/state", $"/threads/{on}/runs", $"/threads/{on}/runs/{run}", $"/runs/{run}", $"/runs/{run}/wait", $"/runs/{run}/stream" })
        {
            await ben.SendAsync(HttpMethod.Get, path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        await ben.PostAsync($"/threads/{on}/runs/{run}/cancel").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await ben.SendAsync(HttpMethod.Delete, $"/threads/{on}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("[]", (await ben.PostAsync("/runs/search", search).OkAsync()).GetRawText());
    }

    public sealed class Fixture : ServerFixture
    {
        protected override string[] Settings => ["--Auth:Mode=ApiKey"];

        protected override IReadOnlyList<AgentDefinition> Agents => [DelegatingAgent.Definition];
    }
}
