using System.Net;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>Two owners with the same scopes, side by side: what each can do with his own, the other cannot even see (wire-contract 11.2, 13.14).</summary>
public sealed class OwnersApartTests(KeyedServerFixture fixture) : IClassFixture<KeyedServerFixture>, IAsyncLifetime
{
    private HttpClient ann = null!;
    private HttpClient ben = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (ann, ben) = (await fixture.Server.ClientOfAsync("ann"), await fixture.Server.ClientOfAsync("ben"));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task An_assistant_its_graph_and_its_versions_are_its_owner_s()
    {
        var id = await NewAssistantAsync(ann);
        await ann.SendAsync(HttpMethod.Patch, $"/assistants/{id}", """{"metadata":{"secret":1}}""").OkAsync();
        foreach (var path in new[] { "", "/graph", "/schemas", "/subgraphs", "/subgraphs/a" })
        {
            await ann.GetJsonAsync($"/assistants/{id}{path}");
            await NotFoundAsync(HttpMethod.Get, $"/assistants/{id}{path}");
        }

        await NotFoundAsync(HttpMethod.Get, $"/agents/{id}");
        await NotFoundAsync(HttpMethod.Get, $"/agents/{id}/schemas");
        await NotFoundAsync(HttpMethod.Patch, $"/assistants/{id}", """{"metadata":{"a":1}}""");
        await NotFoundAsync(HttpMethod.Delete, $"/assistants/{id}");
        await NotFoundAsync(HttpMethod.Post, $"/assistants/{id}/versions", "{}");
        await NotFoundAsync(HttpMethod.Post, $"/assistants/{id}/latest", """{"version":1}""");
        await ann.SendAsync(HttpMethod.Get, $"/assistants/{Guid.NewGuid()}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal(2, (await ann.PostAsync($"/assistants/{id}/versions").OkAsync()).GetArrayLength());
        Assert.Equal(1, (await ann.PostAsync($"/assistants/{id}/latest", """{"version":1}""").OkAsync()).GetProperty("version").GetInt32());
    }

    [Fact]
    public async Task Searches_find_one_s_own_assistants_and_those_that_all_share()
    {
        var (hers, his) = (await NewAssistantAsync(ann), await NewAssistantAsync(ben));
        foreach (var (client, own, other) in new[] { (ann, hers, his), (ben, his, hers) })
        {
            var found = (await client.PostAsync("/assistants/search", new { limit = 1000 }).OkAsync()).EnumerateArray().Select(assistant => assistant.Text("assistant_id")).ToArray();
            Assert.Contains(own, found);
            Assert.Contains(Protocol.EchoAssistant, found);
            Assert.DoesNotContain(other, found);
            Assert.Equal($"{found.Length}", (await client.PostAsync("/assistants/count", "{}").OkAsync()).GetRawText());
            Assert.DoesNotContain(other, (await client.PostAsync("/agents/search", new { limit = 1000 }).OkAsync()).GetRawText(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Runs_without_a_thread_use_one_s_own_assistant_and_no_other()
    {
        var id = await NewAssistantAsync(ann);
        var body = new { assistant_id = id, input = Protocol.Say("hello") };
        Assert.Equal(["human: hello", "ai: echo: hello"], (await ann.PostAsync("/runs/wait", body).OkAsync()).Conversation());
        Assert.DoesNotContain(await ann.StreamAsync(HttpMethod.Post, "/runs/stream", body), item => item.Name == "error");
        var thread = await ben.NewThreadAsync();
        foreach (var path in new[] { "/runs", "/runs/wait", "/runs/stream", $"/threads/{thread}/runs", $"/threads/{thread}/runs/wait", $"/threads/{thread}/runs/stream" })
        {
            await NotFoundAsync(HttpMethod.Post, path, body);
        }

        await NotFoundAsync(HttpMethod.Post, "/runs/batch", new[] { body });
        Assert.Equal("[]", (await ben.PostAsync("/runs/search").OkAsync()).GetRawText());
    }

    [Theory]
    [InlineData(100)]
    [InlineData(0)]
    public async Task A_run_under_way_is_neither_followed_nor_ended_by_another(int delay)
    {
        var thread = await ann.NewThreadAsync();
        var run = (await ann.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo", input = Protocol.Say("sleep 600"), after_seconds = delay }).OkAsync()).Text("run_id");
        foreach (var path in new[] { $"/threads/{thread}/runs/{run}", $"/runs/{run}" })
        {
            foreach (var way in new[] { "", "/join", "/wait", "/stream" })
            {
                await NotFoundAsync(HttpMethod.Get, path + way);
            }

            await NotFoundAsync(HttpMethod.Delete, path);
            foreach (var query in new[] { "", "?wait=1", "?action=rollback" })
            {
                await NotFoundAsync(HttpMethod.Post, $"{path}/cancel{query}");
            }
        }

        await NotFoundAsync(HttpMethod.Get, $"/threads/{thread}/runs");
        await NotFoundAsync(HttpMethod.Post, "/runs/cancel", new { thread_id = thread, run_ids = new[] { run } });
        foreach (var way in new[] { "", "/wait", "/stream" })
        {
            await NotFoundAsync(HttpMethod.Post, $"/threads/{thread}/runs{way}", new { assistant_id = "echo", input = Protocol.Say("mine"), multitask_strategy = "rollback" });
        }

        Assert.Equal(run, Assert.Single((await ann.GetJsonAsync($"/threads/{thread}/runs")).EnumerateArray()).Text("run_id"));
        Assert.Contains((await ann.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"), new[] { "pending", "running" });
        await ann.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        await ann.SendAsync(HttpMethod.Delete, $"/threads/{thread}/runs/{run}").EmptyAsync(HttpStatusCode.NoContent);
        await ann.SendAsync(HttpMethod.Get, $"/threads/{thread}/runs/{run}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task The_store_is_another_for_each_owner()
    {
        // The same name is another item; nobody is refused, because nobody can name what is not his.
        foreach (var (client, value) in new[] { (ann, "hers"), (ben, "his") })
        {
            await client.SendAsync(HttpMethod.Put, "/store/items", new { @namespace = new[] { "ALL" }, key = "k", value = new { value } }).EmptyAsync(HttpStatusCode.NoContent);
        }

        await ann.SendAsync(HttpMethod.Put, "/store/items", """{"namespace":["ann"],"key":"k","value":{}}""").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("null", (await ben.GetJsonAsync("/store/items?namespace=ann&key=k")).GetRawText());
        Assert.Equal("""{"value":"his"}""", (await ben.GetJsonAsync("/store/items?namespace=ALL&key=k")).GetProperty("value").GetRawText());
        var found = (await ben.PostAsync("/store/items/search", new { namespace_prefix = Array.Empty<string>() }).OkAsync()).GetProperty("items");
        Assert.Equal("""{"value":"his"}""", Assert.Single(found.EnumerateArray()).GetProperty("value").GetRawText());
        Assert.Equal("""{"items":[]}""", (await ben.PostAsync("/store/items/search", new { namespace_prefix = new[] { "ann" } }).OkAsync()).GetRawText());
        Assert.Equal("""{"namespaces":[["ALL"]]}""", (await ben.PostAsync("/store/namespaces", "{}").OkAsync()).GetRawText());
        Assert.Equal("""{"namespaces":[]}""", (await ben.PostAsync("/store/namespaces", """{"prefix":["ann"]}""").OkAsync()).GetRawText());

        foreach (var name in new[] { "ALL", "ann" })
        {
            await ben.SendAsync(HttpMethod.Delete, "/store/items", new { @namespace = new[] { name }, key = "k" }).EmptyAsync(HttpStatusCode.NoContent);
        }

        Assert.Equal("""{"value":"hers"}""", (await ann.GetJsonAsync("/store/items?namespace=ALL&key=k")).GetProperty("value").GetRawText());
        Assert.Equal("k", (await ann.GetJsonAsync("/store/items?namespace=ann&key=k")).Text("key"));
    }

    private static async Task<string> NewAssistantAsync(HttpClient owner) =>
        (await owner.PostAsync("/assistants", """{"graph_id":"echo"}""").OkAsync()).Text("assistant_id");

    /// <summary>As for an id that nobody has.</summary>
    private async Task NotFoundAsync(HttpMethod method, string path, object? body = null)
    {
        using var answer = await ben.SendAsync(method, path, body).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{method} {path} {answer.StatusCode}");
        await answer.RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }
}
