using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Edits of the past, copies, prunes and replays over HTTP (wire-contract 3.1, 3.5, 3.7, 3.8, 3.12; 12 rows 7, 15, 21, 22).</summary>
public sealed class ThreadBranchTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"values":{"note":1},"checkpoint":CHECKPOINT}""")]
    [InlineData("""{"values":{"note":1},"checkpoint_id":"ID"}""")]
    [InlineData("""{"values":[{"note":0},{"note":1}],"checkpoint":{"checkpoint_id":"ID","checkpoint_ns":"","checkpoint_map":null},"as_node":"echo"}""")]
    public async Task An_edit_of_the_past_becomes_the_head_and_the_other_branch_stays(string body)
    {
        var (id, past, head) = await TwiceAnsweredAsync();
        body = body.Replace("CHECKPOINT", past.GetProperty("checkpoint").GetRawText(), StringComparison.Ordinal)
            .Replace("ID", past.Text("checkpoint_id"), StringComparison.Ordinal);
        var updated = (await client.PostAsync($"/threads/{id}/state", body).OkAsync()).GetProperty("checkpoint");

        var state = await client.GetJsonAsync($"/threads/{id}/state");
        Assert.Equal(updated.GetRawText(), state.GetProperty("checkpoint").GetRawText());
        Assert.Equal(past.GetProperty("checkpoint").GetRawText(), state.GetProperty("parent_checkpoint").GetRawText());
        Assert.Equal(["human: one", "ai: echo: one"], state.GetProperty("values").Conversation());
        Assert.Equal(1, state.GetProperty("values").GetProperty("note").GetInt32());
        Assert.Equal((Protocol.Echo, Protocol.EchoAssistant), (state.GetProperty("metadata").Text("graph_id"), state.GetProperty("metadata").Text("assistant_id")));
        Assert.Equal(past.GetProperty("metadata").GetProperty("step").GetInt32() + 1, state.GetProperty("metadata").GetProperty("step").GetInt32());
        Assert.Equal(state.GetProperty("values").GetRawText(), (await client.GetJsonAsync($"/threads/{id}")).GetProperty("values").GetRawText());

        var other = await client.GetJsonAsync($"/threads/{id}/state/{head.Text("checkpoint_id")}");
        Assert.Equal(head.GetRawText(), other.GetRawText());
        Assert.Equal(7, (await client.GetJsonAsync($"/threads/{id}/history")).GetArrayLength());
        Assert.Equal(["human: one", "ai: echo: one", "human: more", "ai: echo: more"], (await client.AnswerAsync(id, "more")).Conversation());
    }

    [Fact]
    public async Task A_patch_may_start_from_the_past_too_and_answers_the_thread()
    {
        var (id, past, _) = await TwiceAnsweredAsync();
        var body = new { checkpoint = new { checkpoint_id = past.Text("checkpoint_id") }, messages = new[] { new { role = "user", content = "instead" } } };
        var patched = await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", body).OkAsync();
        Assert.Equal(["human: one", "ai: echo: one", "human: instead"], patched.GetProperty("values").Conversation());
        Assert.Equal(past.Text("checkpoint_id"), (await client.GetJsonAsync($"/threads/{id}/state")).Text("parent_checkpoint_id"));
        // Without values or messages there is nothing to branch for.
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { checkpoint = new { checkpoint_id = Guid.NewGuid() }, metadata = new { a = 1 } }).OkAsync();
    }

    [Fact]
    public async Task An_edit_that_starts_from_an_unknown_checkpoint_is_404()
    {
        var (id, _, _) = await TwiceAnsweredAsync();
        var checkpoint = new { checkpoint_id = Guid.NewGuid() };
        await client.PostAsync($"/threads/{id}/state", new { values = new { a = 1 }, checkpoint }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { values = new { a = 1 }, checkpoint }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Trap_55_a_copy_has_the_same_history_with_its_own_thread_id_and_shares_nothing()
    {
        var (id, past, _) = await TwiceAnsweredAsync();
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { metadata = new { kept = 1 } }).OkAsync();
        var history = await client.GetJsonAsync($"/threads/{id}/history");
        var copy = await client.PostAsync($"/threads/{id}/copy").OkAsync();
        var copyId = copy.Text("thread_id");

        Assert.Equal(("idle", 1, copyId), (copy.Text("status"), copy.GetProperty("metadata").GetProperty("kept").GetInt32(), copy.GetProperty("metadata").Text("thread_id")));
        Assert.Equal(
            history.GetRawText().Replace(id, copyId, StringComparison.Ordinal), (await client.GetJsonAsync($"/threads/{copyId}/history")).GetRawText());
        Assert.Equal("[]", (await client.GetJsonAsync($"/threads/{copyId}/runs")).GetRawText());

        await client.AnswerAsync(copyId, "three");
        await client.PostAsync($"/threads/{copyId}/state", new { values = new { a = 1 }, checkpoint_id = past.Text("checkpoint_id") }).OkAsync();
        Assert.Equal(history.GetRawText(), (await client.GetJsonAsync($"/threads/{id}/history")).GetRawText());
        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal(10, (await client.GetJsonAsync($"/threads/{copyId}/history?limit=100")).GetArrayLength());
    }

    [Fact]
    public async Task Trap_10_a_copy_needs_no_body_and_of_a_missing_thread_it_is_404()
    {
        using var answer = await client.PostTextAsync($"/threads/{await client.NewThreadAsync()}/copy", "", contentType: null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await client.PostAsync($"/threads/{Guid.NewGuid()}/copy").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_prune_deletes_or_keeps_the_latest_state_and_skips_what_it_does_not_find()
    {
        var (kept, _, head) = await TwiceAnsweredAsync();
        var busy = await client.NewThreadAsync();
        var run = await client.StartAsync(busy, "sleep 60");
        var latest = await client.PostAsync("/threads/prune", new { thread_ids = new[] { kept, Guid.NewGuid().ToString() }, strategy = "keep_latest" }).OkAsync();
        Assert.Equal("""{"pruned_count":1}""", latest.GetRawText());
        var only = Assert.Single((await client.GetJsonAsync($"/threads/{kept}/history")).EnumerateArray());
        Assert.Equal((head.Text("checkpoint_id"), JsonValueKind.Null), (only.Text("checkpoint_id"), only.GetProperty("parent_checkpoint").ValueKind));
        Assert.Equal(head.GetProperty("values").GetRawText(), only.GetProperty("values").GetRawText());
        Assert.Equal(2, (await client.GetJsonAsync($"/threads/{kept}/runs")).GetArrayLength());

        Assert.Equal(2, (await client.PostAsync("/threads/prune", new { thread_ids = new[] { kept, busy } }).OkAsync()).GetProperty("pruned_count").GetInt32());
        foreach (var path in new[] { $"/threads/{kept}", $"/threads/{busy}", $"/threads/{busy}/runs/{run}" })
        {
            await client.SendAsync(HttpMethod.Get, path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }
    }

    [Theory]
    [InlineData("{}", "body.thread_ids")]
    [InlineData("""{"thread_ids":["x"]}""", "body.thread_ids.0")]
    [InlineData("""{"thread_ids":[],"strategy":"burn"}""", "body.strategy")]
    public async Task A_prune_that_cannot_be_is_422_and_named(string body, string location)
    {
        var error = await client.PostAsync("/threads/prune", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
    }

    [Fact]
    public async Task More_threads_than_a_page_can_hold_are_refused()
    {
        var ids = Enumerable.Range(0, 1001).Select(_ => Guid.NewGuid()).ToArray();
        var prune = await client.PostAsync("/threads/prune", new { thread_ids = ids }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.thread_ids"], prune.Locations());
        var search = await client.PostAsync("/threads/search", new { ids }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.ids"], search.Locations());
    }

    [Fact]
    public async Task Supersteps_become_checkpoints()
    {
        const string Body =
            """
            {"metadata":{"graph_id":"echo"},"supersteps":[
                {"updates":[{"as_node":"__input__","values":{"messages":[{"role":"user","content":"hi","id":"m1"}]}}]},
                {"updates":[{"as_node":"echo","values":{"messages":[{"role":"ai","content":"ho","id":"m2"}],"n":1.50}},
                            {"as_node":"echo","command":{"update":[["p",[1]],["n",2.50]]}}]},
                {"updates":[{"as_node":"echo","values":[{"a":1},{"a":2}],"command":{"update":{"b":3}}}]}]}
            """;
        var thread = await client.PostAsync("/threads", Body).OkAsync();
        Assert.Equal("idle", thread.Text("status"));
        Assert.Equal(["human: hi", "ai: ho"], thread.GetProperty("values").Conversation());
        Assert.EndsWith(""","n":2.50,"p":[1],"a":2,"b":3}""", thread.GetProperty("values").GetRawText(), StringComparison.Ordinal);

        var history = await client.GetJsonAsync($"/threads/{thread.Text("thread_id")}/history");
        Assert.Equal(
            ["update 1 []", "update 0 []", "input -1 [\"__start__\"]"],
            history.EnumerateArray().Select(state =>
                $"{state.GetProperty("metadata").Text("source")} {state.GetProperty("metadata").GetProperty("step")} {state.GetProperty("next").GetRawText()}"));
        Assert.Equal("{}", history[2].GetProperty("values").GetRawText());
        Assert.Equal(Protocol.Echo, history[0].GetProperty("metadata").Text("graph_id"));
        Assert.Equal(["human: hi", "ai: ho", "human: on", "ai: echo: on"], (await client.AnswerAsync(thread.Text("thread_id"), "on")).Conversation());
    }

    [Theory]
    [InlineData("""[{"updates":[{"as_node":"__input__","values":INPUT}]},{"updates":[{"as_node":"__start__","values":INPUT}]}]""", 2)]
    [InlineData("""[{"updates":[{"as_node":"__input__","values":INPUT}]},{"updates":[{"as_node":"__start__"}]}]""", 2)]
    [InlineData("""[{"updates":[{"as_node":"__input__","values":INPUT}]}]""", 2)]
    public async Task An_input_is_said_once_however_it_is_replayed(string supersteps, int checkpoints)
    {
        var body = $$"""{"metadata":{"graph_id":"echo"},"supersteps":{{supersteps}}}""".Replace("INPUT", """{"messages":[{"role":"user","content":"hi"}]}""", StringComparison.Ordinal);
        var thread = await client.PostAsync("/threads", body).OkAsync();
        Assert.Equal(["human: hi"], thread.GetProperty("values").Conversation());
        Assert.Equal(checkpoints, (await client.GetJsonAsync($"/threads/{thread.Text("thread_id")}/history")).GetArrayLength());
    }

    [Fact]
    public async Task Supersteps_are_replayed_all_or_not_at_all()
    {
        var id = Guid.NewGuid();
        var body = $$$"""{"thread_id":"{{{id}}}","metadata":{"graph_id":"echo"},"supersteps":[{"updates":[{"values":{"a":1}}]},{"updates":[{"values":{"messages":[{"type":"remove","id":"x"}]}}]}]}""";
        var error = await client.PostAsync("/threads", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.supersteps.1.updates.0.messages"], error.Locations());
        await client.SendAsync(HttpMethod.Get, $"/threads/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync("/threads", """{"supersteps":[{"updates":[{"values":{"a":1}}]}]}""").RefusedAsync(HttpStatusCode.BadRequest, "bad_request");

        await client.PostAsync("/threads", new { thread_id = id }).OkAsync();
        body = body.Replace("remove", "user", StringComparison.Ordinal);
        await client.PostAsync("/threads", body).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        var existing = await client.PostAsync("/threads", body.Replace("{\"thread_id", "{\"if_exists\":\"do_nothing\",\"thread_id", StringComparison.Ordinal)).OkAsync();
        Assert.Equal("{}", existing.GetProperty("values").GetRawText());
    }

    [Fact]
    public async Task A_search_extracts_single_values_under_the_names_of_the_caller()
    {
        var mark = Guid.NewGuid();
        var (id, _, _) = await TwiceAnsweredAsync();
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { metadata = new { mark, list = new[] { 1, 2 } } }).OkAsync();
        await client.PostAsync($"/threads/{id}/state", """{"values":{"deep":{"n":[1.50,null]}}}""").OkAsync();
        const string Extract = """{"last":"values.messages[-1].content","n":"values.deep.n[0]","second":"metadata.list[1]","none":"values.messages[9]","role":"messages[0].role","is":"status","who":"thread_id"}""";
        var found = await client.PostAsync("/threads/search", $$$"""{"metadata":{"mark":"{{{mark}}}"},"select":["thread_id"],"extract":{{{Extract}}}}""").OkAsync();
        Assert.Equal(["thread_id", "extracted"], found[0].Members());
        Assert.Equal(
            $$"""{"last":"echo: two","n":1.50,"second":2,"none":null,"role":"user","is":"idle","who":"{{id}}"}""", found[0].GetProperty("extracted").GetRawText());
        Assert.False((await client.PostAsync("/threads/search", new { metadata = new { mark } }).OkAsync())[0].TryGetProperty("extracted", out _));
        var many = string.Join(',', Enumerable.Range(0, 11).Select(i => $"\"a{i}\":\"status\""));
        await client.PostAsync("/threads/search", $$$"""{"extract":{{{{many}}}}}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
    }

    [Fact]
    public async Task Threads_without_state_count_as_those_whose_state_is_oldest()
    {
        var metadata = new { mark = Guid.NewGuid() };
        var ids = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add((await client.PostAsync("/threads", new { metadata }).OkAsync()).Text("thread_id"));
        }

        await client.AnswerAsync(ids[1], "first");
        await client.AnswerAsync(ids[0], "second");
        Assert.Equal([ids[0], ids[1], ids[2]], await SortedAsync("desc"));
        Assert.Equal([ids[2], ids[1], ids[0]], await SortedAsync("asc"));

        async Task<string[]> SortedAsync(string order) =>
            [.. (await client.PostAsync("/threads/search", new { metadata, sort_by = "state_updated_at", sort_order = order }).OkAsync()).EnumerateArray().Select(thread => thread.Text("thread_id"))];
    }

    [Fact]
    public async Task A_long_history_of_large_states_comes_in_full_and_in_order()
    {
        var steps = Enumerable.Range(0, 150).Select(i => new { updates = new[] { new { as_node = "echo", values = new { i, large = new string('x', 50_000) } } } });
        var body = JsonSerializer.Serialize(new { metadata = new { graph_id = "echo" }, supersteps = steps });
        var id = (await client.PostAsync("/threads", body).OkAsync()).Text("thread_id");
        using var answer = await client.SendAsync(HttpMethod.Get, $"/threads/{id}/history?limit=1000");
        Assert.True(answer.Headers.TransferEncodingChunked); // sent while it is made
        var history = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token)).RootElement;
        Assert.Equal(Enumerable.Range(0, 150).Reverse(), history.EnumerateArray().Select(state => state.GetProperty("values").GetProperty("i").GetInt32()));
        var filtered = await client.PostAsync($"/threads/{id}/history", new { metadata = new { step = 3 } }).OkAsync();
        Assert.Equal(3, Assert.Single(filtered.EnumerateArray()).GetProperty("values").GetProperty("i").GetInt32());
    }

    /// <summary>A thread with two answers, its state after the first, and its state after the second.</summary>
    private async Task<(string Id, JsonElement Past, JsonElement Head)> TwiceAnsweredAsync()
    {
        var id = await client.NewThreadAsync();
        await client.AnswerAsync(id, "one");
        var past = await client.GetJsonAsync($"/threads/{id}/state");
        await client.AnswerAsync(id, "two");
        return (id, past, await client.GetJsonAsync($"/threads/{id}/state"));
    }
}
