using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Threads over HTTP (wire-contract 3.1 to 3.6).</summary>
public sealed class ThreadTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string[] Members =
        ["thread_id", "created_at", "updated_at", "state_updated_at", "metadata", "status", "values", "messages", "interrupts", "config", "error"];

    private readonly HttpClient client = fixture.Client;

    private static object Mark => new { mark = Guid.NewGuid() };

    [Fact]
    public async Task A_new_thread_has_every_member()
    {
        var thread = await client.PostAsync("/threads", "{}").OkAsync();
        Assert.Equal(Members, thread.Members());
        Assert.Equal('7', thread.Text("thread_id")[14]);
        Assert.Equal("idle", thread.Text("status"));
        Assert.Equal("{}[]{}{}", string.Concat(new[] { "values", "messages", "interrupts", "config" }.Select(member => thread.GetProperty(member).GetRawText())));
        Assert.EndsWith("Z", thread.Text("created_at"), StringComparison.Ordinal);
        Assert.Equal(thread.GetRawText(), (await client.GetJsonAsync($"/threads/{thread.Text("thread_id")}")).GetRawText());
    }

    [Fact]
    public async Task Trap_10_a_thread_is_created_without_a_body_and_without_a_content_type()
    {
        Assert.Equal("{}", (await client.PostAsync("/threads").OkAsync()).GetProperty("metadata").GetRawText());
        using var answer = await client.PostTextAsync("/threads", "", contentType: null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Traps_11_and_12_metadata_comes_back_byte_for_byte()
    {
        const string Metadata = """{"camelCase":{"snake_case":null},"n":[1,1.0,1e2,12345678901234567890123,-0.0],"ä":"\u0041","z":"","a":[]}""";
        var created = await client.PostAsync("/threads", $$"""{"metadata":{{Metadata}}}""").OkAsync();
        var read = await client.GetJsonAsync($"/threads/{created.Text("thread_id")}");
        Assert.Equal(Metadata, read.GetProperty("metadata").GetRawText());
    }

    [Fact]
    public async Task An_id_is_given_away_once_and_do_nothing_returns_the_first_thread()
    {
        var id = Guid.NewGuid();
        await client.PostAsync("/threads", new { thread_id = id, metadata = new { first = true } }).OkAsync();
        await client.PostAsync("/threads", new { thread_id = id }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        var again = await client.PostAsync("/threads", new { thread_id = id, if_exists = "do_nothing", metadata = new { second = true } }).OkAsync();
        Assert.Equal("""{"first":true}""", again.GetProperty("metadata").GetRawText());
    }

    [Theory]
    [InlineData("""{"ttl":5}""")]
    [InlineData("""{"ttl":{"ttl":5,"strategy":"delete"}}""")]
    public async Task A_time_to_live_is_shown_when_it_is_asked_for(string body)
    {
        var id = (await client.PostAsync("/threads", body).OkAsync()).Text("thread_id");
        Assert.False((await client.GetJsonAsync($"/threads/{id}")).TryGetProperty("ttl", out _));
        var ttl = (await client.GetJsonAsync($"/threads/{id}?include=ttl")).GetProperty("ttl");
        Assert.Equal((5, "delete"), (ttl.GetProperty("ttl").GetInt32(), ttl.Text("strategy")));
    }

    [Theory]
    [InlineData("""{"supersteps":[{"updates":[]}]}""", "body.supersteps.0.updates", null)]
    [InlineData("""{"supersteps":[null]}""", "body.supersteps.0.updates", null)]
    [InlineData("""{"supersteps":[{"updates":[null]}]}""", "body.supersteps.0.updates.0", null)]
    [InlineData("""{"supersteps":[{"updates":[{"values":7}]}]}""", "body.supersteps.0.updates.0.values", null)]
    [InlineData("""{"supersteps":[{"updates":[{"command":{"goto":"x"}}]}]}""", "body.supersteps.0.updates.0.command.goto", "not supported yet")]
    [InlineData("""{"thread_id":"x"}""", "body.thread_id", null)]
    [InlineData("""{"metadata":7}""", "body.metadata", null)]
    [InlineData("""{"metadata":{"a":"\u0000"}}""", "body.metadata", null)]
    [InlineData("""{"if_exists":"maybe"}""", "body.if_exists", null)]
    [InlineData("""{"ttl":-1}""", "body.ttl", null)]
    public async Task What_a_thread_cannot_be_created_with_is_422_and_named(string body, string location, string? message)
    {
        var error = await client.PostAsync("/threads", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(location, error.Locations()[0]);
        Assert.Contains(message ?? "", error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Trap_53_a_search_gives_the_newest_first_also_within_a_millisecond()
    {
        var metadata = Mark;
        var ids = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            ids.Insert(0, (await client.PostAsync("/threads", new { metadata }).OkAsync()).Text("thread_id"));
        }

        var found = await client.PostAsync("/threads/search", new { metadata, limit = 100 }).OkAsync();
        Assert.Equal(ids, found.EnumerateArray().Select(thread => thread.Text("thread_id")));
        var ascending = await client.PostAsync("/threads/search", new { metadata, limit = 100, sort_order = "asc" }).OkAsync();
        Assert.Equal(Enumerable.Reverse(ids), ascending.EnumerateArray().Select(thread => thread.Text("thread_id")));
    }

    [Fact]
    public async Task A_search_says_how_many_there_are_and_where_the_next_page_begins()
    {
        var metadata = Mark;
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync("/threads", new { metadata }).OkAsync();
        }

        using var first = await client.PostAsync("/threads/search", new { metadata, limit = 2 });
        Assert.Equal(("3", "2"), (first.Header("X-Pagination-Total"), first.Header("X-Pagination-Next")));
        using var last = await client.PostAsync("/threads/search", new { metadata, limit = 2, offset = 2 });
        Assert.Equal(1, (await last.JsonAsync()).GetArrayLength());
        Assert.Equal("3", last.Header("X-Pagination-Total"));
        Assert.False(last.Headers.Contains("X-Pagination-Next"));
    }

    [Fact]
    public async Task Threads_are_found_and_counted_by_metadata_values_status_and_ids()
    {
        var metadata = Mark;
        var idle = (await client.PostAsync("/threads", new { metadata }).OkAsync()).Text("thread_id");
        var answered = (await client.PostAsync("/threads", new { metadata }).OkAsync()).Text("thread_id");
        await client.PostAsync($"/threads/{answered}/runs/wait", new { assistant_id = "echo", input = new { topic = new { name = "x", more = 1 } } }).OkAsync();
        await client.PostAsync($"/threads/{answered}/state", new { values = new { topic = new { name = "x", more = 1 } } }).OkAsync();
        var failed = (await client.PostAsync("/threads", new { metadata }).OkAsync()).Text("thread_id");
        await client.AnswerAsync(failed, "fail boom");

        Assert.Equal([failed, answered, idle], await SearchAsync(new { metadata }));
        Assert.Equal([answered], await SearchAsync(new { metadata, values = new { topic = new { name = "x" } } }));
        Assert.Equal([failed], await SearchAsync(new { metadata, status = "error" }));
        Assert.Equal([idle], await SearchAsync(new { metadata, ids = new[] { idle } }));
        Assert.Equal("3", (await client.PostAsync("/threads/count", new { metadata }).OkAsync()).GetRawText());
        Assert.Equal("2", (await client.PostAsync("/threads/count", new { metadata, status = "idle" }).OkAsync()).GetRawText());
    }

    [Fact]
    public async Task A_search_returns_the_selected_members_only()
    {
        var metadata = Mark;
        await client.PostAsync("/threads", new { metadata }).OkAsync();
        var found = await client.PostAsync("/threads/search", new { metadata, select = new[] { "thread_id", "status" } }).OkAsync();
        Assert.Equal(["thread_id", "status"], found[0].Members());
    }

    [Theory]
    [InlineData("""{"limit":0}""", "body.limit")]
    [InlineData("""{"limit":1001}""", "body.limit")]
    [InlineData("""{"offset":-1}""", "body.offset")]
    [InlineData("""{"sort_by":"colour"}""", "body.sort_by")]
    [InlineData("""{"status":"asleep"}""", "body.status")]
    [InlineData("""{"select":["secret"]}""", "body.select")]
    [InlineData("""{"extract":{"a":"values.messages[-1"}}""", "body.extract")]
    [InlineData("""{"extract":{"a":"values..x"}}""", "body.extract")]
    [InlineData("""{"extract":{"a":"values[x]"}}""", "body.extract")]
    [InlineData("""{"extract":{"a":"values.x "},"limit":0}""", "body.limit")]
    [InlineData("""{"extract":{"a":""}}""", "body.extract")]
    [InlineData("""{"extract":{"a":7}}""", "body.extract")]
    [InlineData("""{"extract":{"a":"\ud800"}}""", "body.extract")]
    [InlineData("""{"extract":{"a":"secret"}}""", "body.extract")]
    [InlineData("""{"extract":["values"]}""", "body.extract")]
    public async Task What_cannot_be_searched_for_is_422_and_named(string body, string location)
    {
        var error = await client.PostAsync("/threads/search", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
    }

    [Fact]
    public async Task A_patch_merges_metadata_key_by_key_and_moves_the_time()
    {
        var thread = await client.PostAsync("/threads", new { metadata = new { a = 1, b = new { c = 1 } } }).OkAsync();
        var patched = await client.SendAsync(HttpMethod.Patch, $"/threads/{thread.Text("thread_id")}", new { metadata = new { b = 2, d = 3 } }).OkAsync();
        Assert.Equal("""{"a":1,"b":2,"d":3}""", patched.GetProperty("metadata").GetRawText());
        Assert.True(patched.GetProperty("updated_at").GetDateTime() > thread.GetProperty("updated_at").GetDateTime());
        Assert.Equal(JsonValueKind.Null, patched.GetProperty("state_updated_at").ValueKind);
    }

    [Fact]
    public async Task A_patch_that_wants_nothing_back_is_204()
    {
        var id = await client.NewThreadAsync();
        await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { metadata = new { a = 1 } }, ("Prefer", "return=minimal")).EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("""{"a":1}""", (await client.GetJsonAsync($"/threads/{id}")).GetProperty("metadata").GetRawText());
    }

    [Fact]
    public async Task A_patch_of_messages_and_values_writes_state()
    {
        var id = await client.NewThreadAsync();
        await client.AnswerAsync(id, "hello");
        var body = new { values = new { note = "n" }, messages = new[] { new { role = "user", content = "more" } } };
        var patched = await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", body).OkAsync();
        Assert.Equal(["human: hello", "ai: echo: hello", "human: more"], patched.GetProperty("values").Conversation());
        Assert.Equal("n", patched.GetProperty("values").Text("note"));
        Assert.Equal("update", (await client.GetJsonAsync($"/threads/{id}/state")).GetProperty("metadata").Text("source"));
    }

    [Fact]
    public async Task A_deleted_thread_is_gone_with_its_runs_also_while_one_is_active()
    {
        var id = await client.NewThreadAsync();
        var run = await client.StartAsync(id, "sleep 60");
        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}").EmptyAsync(HttpStatusCode.NoContent);
        foreach (var path in new[] { $"/threads/{id}", $"/threads/{id}/state", $"/threads/{id}/runs", $"/threads/{id}/runs/{run}", $"/runs/{run}" })
        {
            await client.SendAsync(HttpMethod.Get, path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Trap_13_literal_paths_win_and_ids_that_are_none_are_422()
    {
        Assert.Equal(JsonValueKind.Array, (await client.PostAsync("/threads/search").OkAsync()).ValueKind);
        var error = await client.SendAsync(HttpMethod.Get, "/threads/search").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["path.thread_id"], error.Locations());
    }

    private async Task<string[]> SearchAsync(object body) =>
        [.. (await client.PostAsync("/threads/search", body).OkAsync()).EnumerateArray().Select(thread => thread.Text("thread_id"))];
}
