using System.Net;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Conformance;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>copy</c>, <c>prune</c> and supersteps of <c>client.threads</c> (wire-contract 3.1, 3.7, 3.8).</summary>
public sealed class ThreadCopiesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /threads/{thread_id}/copy", Client.PythonSdk, Client.AgentProtocol)]
    public async Task Copy_sends_an_empty_body()
    {
        var id = await fixture.Client.NewThreadAsync();
        await fixture.Client.AnswerAsync(id, "hello");
        var copy = await sdk.PostAsync($"/threads/{id}/copy");
        Assert.NotEqual(id, copy.Text("thread_id"));
        Assert.Equal(["human: hello", "ai: echo: hello"], copy.GetProperty("values").Conversation());
        var protocol = new ProtocolClient(fixture.Client);
        await protocol.OkAsync("POST /threads/{thread_id}/copy", id);
        await protocol.RefusesIdsAsync("POST /threads/{thread_id}/copy");
    }

    [Fact]
    [Proves("POST /threads/prune", Client.PythonSdk)]
    public async Task Prune_sends_its_strategy_only_when_it_is_another()
    {
        var (first, second) = (await fixture.Client.NewThreadAsync(), await fixture.Client.NewThreadAsync());
        await fixture.Client.AnswerAsync(second, "hello");
        Assert.Equal("""{"pruned_count":1}""", (await sdk.PostAsync("/threads/prune", $$"""{"thread_ids":["{{first}}"]}""")).GetRawText());
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/threads/{first}");
        await sdk.PostAsync("/threads/prune", $$"""{"thread_ids":["{{second}}"],"strategy":"keep_latest"}""");
        Assert.Equal(1, (await sdk.PostAsync($"/threads/{second}/history", """{"limit":10}""")).GetArrayLength());
    }

    [Fact]
    [Proves("POST /threads", Client.PythonSdk)]
    public async Task Create_sends_supersteps_with_null_for_a_missing_command()
    {
        var thread = await sdk.PostAsync(
            "/threads",
            """{"metadata":{"graph_id":"echo"},"supersteps":[{"updates":[{"values":{"messages":[{"role":"user","content":"a"}]},"command":null,"as_node":"__start__"}]}]}""");
        var state = await sdk.GetAsync($"/threads/{thread.Text("thread_id")}/state?subgraphs=false");
        Assert.Equal(["human: a"], state.GetProperty("values").Conversation());
    }
}
