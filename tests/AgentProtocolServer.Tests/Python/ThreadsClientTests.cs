using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>client.threads</c> of <c>langgraph_sdk</c> (wire-contract 3).</summary>
public sealed class ThreadsClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /threads", Client.PythonSdk)]
    public async Task Create_sends_nothing_that_was_not_given()
    {
        var thread = await sdk.PostAsync("/threads", "{}");
        Assert.Equal("{}", thread.GetProperty("metadata").GetRawText());
        var id = Guid.NewGuid();
        var given = await sdk.PostAsync(
            "/threads", $$$"""{"thread_id":"{{{id}}}","metadata":{"a":1,"graph_id":"echo"},"if_exists":"do_nothing","ttl":{"ttl":60,"strategy":"delete"}}""");
        Assert.Equal((id.ToString(), "idle", """{"a":1,"graph_id":"echo"}"""), (given.Text("thread_id"), given.Text("status"), given.GetProperty("metadata").GetRawText()));
        Assert.Equal(id.ToString(), (await sdk.PostAsync("/threads", $$"""{"thread_id":"{{id}}","if_exists":"do_nothing"}""")).Text("thread_id"));
        await sdk.RefusedAsync(HttpStatusCode.Conflict, HttpMethod.Post, "/threads", $$"""{"thread_id":"{{id}}"}""");
    }

    [Fact]
    [Proves("GET /threads/{thread_id}", Client.PythonSdk)]
    public async Task Get_joins_what_it_includes_by_commas()
    {
        var id = await NewAsync("""{"ttl":{"ttl":60,"strategy":"delete"}}""");
        Assert.Equal("{}", (await sdk.GetAsync($"/threads/{id}")).GetProperty("values").GetRawText());
        Assert.True((await sdk.GetAsync($"/threads/{id}?include=ttl")).TryGetProperty("ttl", out _));
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/threads/{Guid.NewGuid()}");
    }

    [Fact]
    [Proves("PATCH /threads/{thread_id}", Client.PythonSdk)]
    public async Task Update_returns_the_thread_or_wants_nothing_back()
    {
        var id = await NewAsync();
        Assert.Equal("""{"a":1}""", (await sdk.PatchAsync($"/threads/{id}", """{"metadata":{"a":1}}""")).GetProperty("metadata").GetRawText());
        var minimal = await sdk.PatchAsync($"/threads/{id}", """{"metadata":{"b":2},"ttl":{"ttl":1.5,"strategy":"delete"}}""", ("Prefer", "return=minimal"));
        Assert.Equal(JsonValueKind.Undefined, minimal.ValueKind);
        Assert.Equal("""{"a":1,"b":2}""", (await sdk.GetAsync($"/threads/{id}")).GetProperty("metadata").GetRawText());
    }

    [Fact]
    [Proves("DELETE /threads/{thread_id}", Client.PythonSdk)]
    public async Task Delete_has_no_body()
    {
        var id = await NewAsync();
        await sdk.DeleteAsync($"/threads/{id}");
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/threads/{id}");
    }

    [Fact]
    [Proves("POST /threads/search", Client.PythonSdk)]
    [Proves("POST /threads/count", Client.PythonSdk)]
    public async Task Search_always_sends_its_page_and_count_does_not()
    {
        var mark = Guid.NewGuid();
        var id = await NewAsync($$$"""{"metadata":{"mark":"{{{mark}}}"}}""");
        var found = await sdk.PostAsync(
            "/threads/search",
            $$$"""{"limit":10,"offset":0,"metadata":{"mark":"{{{mark}}}"},"ids":["{{{id}}}"],"status":"idle","sort_by":"created_at","sort_order":"asc","select":["thread_id","status"]}""");
        Assert.Equal($$"""[{"thread_id":"{{id}}","status":"idle"}]""", found.GetRawText());
        Assert.Equal(JsonValueKind.Array, (await sdk.PostAsync("/threads/search", """{"limit":10,"offset":0}""")).ValueKind);
        Assert.Equal(1, (await sdk.PostAsync("/threads/count", $$$"""{"metadata":{"mark":"{{{mark}}}"},"status":"idle"}""")).GetInt32());
        Assert.True((await sdk.PostAsync("/threads/count", "{}")).GetInt32() > 0);
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/state", Client.PythonSdk)]
    [Proves("GET /threads/{thread_id}/state/{checkpoint_id}", Client.PythonSdk)]
    [Proves("POST /threads/{thread_id}/state/checkpoint", Client.PythonSdk)]
    public async Task Get_state_has_a_form_for_each_way_to_name_a_checkpoint()
    {
        var id = await AnsweredAsync();
        var state = await sdk.GetAsync($"/threads/{id}/state?subgraphs=false");
        Assert.Equal(["human: hello", "ai: echo: hello"], state.GetProperty("values").Conversation());
        // Trap 46: exactly this is what ends `thread.output`.
        Assert.Equal(("[]", "[]"), (state.GetProperty("next").GetRawText(), state.GetProperty("tasks").GetRawText()));
        var checkpoint = state.GetProperty("checkpoint");
        var byId = await sdk.GetAsync($"/threads/{id}/state/{checkpoint.Text("checkpoint_id")}?subgraphs=true");
        var byReference = await sdk.PostAsync($"/threads/{id}/state/checkpoint", $$"""{"checkpoint":{{checkpoint.GetRawText()}},"subgraphs":false}""");
        Assert.Equal((state.GetRawText(), state.GetRawText()), (byId.GetRawText(), byReference.GetRawText()));
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/threads/{Guid.NewGuid()}/state?subgraphs=false");
    }

    [Fact]
    [Proves("POST /threads/{thread_id}/state", Client.PythonSdk)]
    public async Task Update_state_sends_values_also_when_there_are_none()
    {
        var id = await AnsweredAsync();
        var updated = await sdk.PostAsync($"/threads/{id}/state", """{"values":{"messages":[{"role":"user","content":"more"}]},"as_node":"echo"}""");
        Assert.Equal(id, updated.GetProperty("checkpoint").Text("thread_id"));
        await sdk.PostAsync($"/threads/{id}/state", """{"values":null}""");
        var state = await sdk.GetAsync($"/threads/{id}/state?subgraphs=false");
        Assert.Equal(["human: hello", "ai: echo: hello", "human: more"], state.GetProperty("values").Conversation());
    }

    [Fact]
    [Proves("POST /threads/{thread_id}/history", Client.PythonSdk)]
    public async Task Get_history_goes_back_from_a_checkpoint()
    {
        var id = await AnsweredAsync();
        var history = await sdk.PostAsync($"/threads/{id}/history", """{"limit":10}""");
        Assert.Equal(3, history.GetArrayLength());
        var before = history[0].GetProperty("checkpoint");
        foreach (var form in new[] { before.GetRawText(), before.GetProperty("checkpoint_id").GetRawText() })
        {
            var older = await sdk.PostAsync($"/threads/{id}/history", $$$"""{"limit":1,"before":{{{form}}},"metadata":{"source":"loop"}}""");
            Assert.Equal([history[1].GetRawText()], older.EnumerateArray().Select(state => state.GetRawText()));
        }
    }

    private async Task<string> NewAsync(string body = "{}") => (await sdk.PostAsync("/threads", body)).Text("thread_id");

    private async Task<string> AnsweredAsync()
    {
        var id = await NewAsync();
        await sdk.RequestReconnectAsync(HttpMethod.Post, $"/threads/{id}/runs/wait", RunsClientTests.Body("hello", RunsClientTests.WithRaise));
        return id;
    }
}
