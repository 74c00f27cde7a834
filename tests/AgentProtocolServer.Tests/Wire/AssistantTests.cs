using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Assistants over HTTP (wire-contract 8).</summary>
public sealed class AssistantTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string[] Shape =
        ["assistant_id", "graph_id", "config", "context", "created_at", "updated_at", "metadata", "version", "name", "description"];

    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task Trap_11_an_assistant_has_all_its_members_and_what_was_sent_comes_back_as_it_was()
    {
        const string metadata = """{"b":1.0,"A":{"snake_case":null,"camelCase":[1e2]}}""";
        const string config = """{"tags":["x"],"configurable":{"big":12345678901234567890}}""";
        var created = await CreateAsync($$$"""{"graph_id":"echo","metadata":{{{metadata}}},"config":{{{config}}},"context":{"nothing":null},"unknown":1}""");

        Assert.Equal(Shape, created.Members());
        Assert.Equal((metadata, config), (created.GetProperty("metadata").GetRawText(), created.GetProperty("config").GetRawText()));
        Assert.Equal("""{"nothing":null}""", created.GetProperty("context").GetRawText());
        Assert.Equal((1, "Untitled", "echo"), (Version(created), created.Text("name"), created.Text("graph_id")));
        Assert.Equal(JsonValueKind.Null, created.GetProperty("description").ValueKind);
        Assert.Equal(created.GetRawText(), (await client.GetJsonAsync($"/assistants/{Id(created)}")).GetRawText());
    }

    [Fact]
    public async Task An_id_is_given_away_once_and_do_nothing_returns_the_first_assistant()
    {
        var id = Guid.NewGuid();
        await CreateAsync($$"""{"graph_id":"echo","assistant_id":"{{id}}","name":"first"}""");
        foreach (var taken in new[] { id.ToString(), Protocol.EchoAssistant, "echo" })
        {
            await client.PostAsync("/assistants", new { graph_id = "echo", assistant_id = taken }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        }

        var again = await CreateAsync($$"""{"graph_id":"echo","assistant_id":"{{id}}","name":"second","if_exists":"do_nothing"}""");
        Assert.Equal((id.ToString(), "first", 1), (Id(again), again.Text("name"), Version(again)));
        var system = await CreateAsync("""{"graph_id":"echo","assistant_id":"echo","name":"second","if_exists":"do_nothing"}""");
        Assert.Equal((Protocol.EchoAssistant, "echo"), (Id(system), system.Text("name")));
    }

    [Fact]
    public async Task Trap_51_every_agent_has_an_assistant_under_its_graph_id_and_its_uuid()
    {
        foreach (var id in new[] { "echo", Protocol.EchoAssistant })
        {
            var assistant = await client.GetJsonAsync($"/assistants/{id}");
            Assert.Equal((Protocol.EchoAssistant, "echo", "echo", 1), (Id(assistant), assistant.Text("graph_id"), assistant.Text("name"), Version(assistant)));
            Assert.Equal("system", assistant.GetProperty("metadata").Text("created_by"));
            await client.SendAsync(HttpMethod.Delete, $"/assistants/{id}").RefusedAsync(HttpStatusCode.Conflict, "conflict");
            Assert.Equal(1, Version((await client.PostAsync($"/assistants/{id}/versions").OkAsync())[0]));
            Assert.Equal(1, Version(await client.PostAsync($"/assistants/{id}/latest", new { version = 1 }).OkAsync()));
            await client.PostAsync($"/assistants/{id}/latest", new { version = 9 }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
            Assert.Equal("[]", (await client.PostAsync($"/assistants/{id}/versions", new { metadata = new { created_by = "me" } }).OkAsync()).GetRawText());
        }
    }

    [Fact]
    public async Task Trap_50_every_patch_is_a_version_and_the_next_number_was_never_used()
    {
        var path = $"/assistants/{Id(await CreateAsync("""{"graph_id":"echo","name":"one","metadata":{"kept":1,"replaced":{"x":1}},"config":{"tags":["a"]}}"""))}";
        Assert.Equal(2, Version(await client.SendAsync(HttpMethod.Patch, path, new { }).OkAsync()));
        Assert.Equal(3, Version(await client.SendAsync(HttpMethod.Patch, path).OkAsync()));
        var patched = await client.SendAsync(
            HttpMethod.Patch, path, """{"name":"four","description":"d","context":{"c":1},"metadata":{"replaced":{"y":2},"added":true},"config":null}""").OkAsync();
        Assert.Equal("""{"kept":1,"replaced":{"y":2},"added":true}""", patched.GetProperty("metadata").GetRawText());
        Assert.Equal(
            (4, "four", "d", """{"c":1}""", """{"tags":["a"]}"""),
            (Version(patched), patched.Text("name"), patched.Text("description"), patched.GetProperty("context").GetRawText(), patched.GetProperty("config").GetRawText()));

        var back = await client.PostAsync($"{path}/latest", new { version = 1 }).OkAsync();
        Assert.Equal((1, "one"), (Version(back), back.Text("name")));
        Assert.Equal("""{"kept":1,"replaced":{"x":1}}""", back.GetProperty("metadata").GetRawText());
        Assert.Equal(2, Version(await client.PostAsync($"{path}/latest?version=2").OkAsync()));
        Assert.Equal(5, Version(await client.SendAsync(HttpMethod.Patch, path, new { description = "e" }).OkAsync()));

        var versions = (await client.PostAsync($"{path}/versions").OkAsync()).EnumerateArray().ToArray();
        Assert.Equal([5, 4, 3, 2, 1], versions.Select(Version));
        Assert.Equal(Shape.Except(["updated_at"]), versions[0].Members());
        Assert.Equal([4, 3], (await client.PostAsync($"{path}/versions", new { limit = 2, offset = 1 }).OkAsync()).EnumerateArray().Select(Version));
        Assert.Equal([4], (await client.PostAsync($"{path}/versions", new { metadata = new { added = true } }).OkAsync()).EnumerateArray().Select(Version));
    }

    [Fact]
    public async Task Trap_52_assistants_are_found_by_a_part_of_their_name_and_their_metadata()
    {
        var mark = Guid.NewGuid().ToString();
        foreach (var name in new[] { "Ännchen 100%", "under_score", "back\\slash" })
        {
            await CreateAsync(JsonSerializer.Serialize(new { graph_id = "echo", name, metadata = new { mark, nested = new { name, list = new[] { 1, 2 } } } }));
        }

        foreach (var (search, expected) in new (object Search, string Expected)[]
        {
            (new { metadata = new { mark } }, "back\\slash, under_score, Ännchen 100%"),
            (new { metadata = new { mark }, name = "NNCHEN" }, "Ännchen 100%"),
            (new { metadata = new { mark }, name = "0%" }, "Ännchen 100%"),
            (new { metadata = new { mark }, name = "R_S" }, "under_score"),
            (new { metadata = new { mark }, name = "k\\s" }, "back\\slash"),
            (new { metadata = new { mark }, name = "r%s" }, ""),
            (new { metadata = new { mark, nested = new { name = "under_score" } } }, "under_score"),
            (new { metadata = new { mark }, graph_id = "other" }, ""),
            (new { metadata = new { mark }, graph_id = "echo", sort_by = "created_at", sort_order = "asc", limit = 1 }, "Ännchen 100%"),
            (new { metadata = new { mark }, limit = 1, offset = 1 }, "under_score"),
        })
        {
            var found = await client.PostAsync("/assistants/search", search).OkAsync();
            Assert.Equal(expected, string.Join(", ", found.EnumerateArray().Select(assistant => assistant.Text("name"))));
        }

        Assert.Equal("3", (await client.PostAsync("/assistants/count", new { metadata = new { mark } }).OkAsync()).GetRawText());
        Assert.Equal("1", (await client.PostAsync("/assistants/count", new { name = "UNDER_", metadata = new { mark } }).OkAsync()).GetRawText());
        var selected = await client.PostAsync("/assistants/search", new { metadata = new { mark }, select = new[] { "name", "version" }, limit = 1 }).OkAsync();
        Assert.Equal("""[{"version":1,"name":"back\\slash"}]""", selected.GetRawText());
    }

    [Fact]
    public async Task Pages_say_how_many_there_are_and_where_to_go_on()
    {
        var mark = new { page = Guid.NewGuid().ToString() };
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync("/assistants", new { graph_id = "echo", metadata = mark }).OkAsync();
        }

        using var first = await client.PostAsync("/assistants/search", new { metadata = mark, limit = 2 });
        Assert.Equal(("3", "2"), (first.Header("X-Pagination-Total"), first.Header("X-Pagination-Next")));
        using var last = await client.PostAsync("/assistants/search", new { metadata = mark, limit = 2, offset = 2 });
        Assert.Equal("3", last.Header("X-Pagination-Total"));
        Assert.False(last.Headers.Contains("X-Pagination-Next"));
    }

    [Fact]
    public async Task Clients_can_draw_an_assistant_and_know_its_schemas()
    {
        foreach (var id in new[] { "echo", Id(await CreateAsync("""{"graph_id":"echo"}""")) })
        {
            var graph = await client.GetJsonAsync($"/assistants/{id}/graph?xray=true");
            Assert.Equal(
                """{"nodes":[{"id":"__start__","type":"schema"},{"id":"echo","type":"runnable","data":{"name":"echo"}},{"id":"__end__","type":"schema"}],"edges":[{"source":"__start__","target":"echo"},{"source":"echo","target":"__end__"}]}""",
                graph.GetRawText());
            Assert.Equal(graph.GetRawText(), (await client.GetJsonAsync($"/assistants/{id}/graph?xray=2")).GetRawText());

            var schemas = await client.GetJsonAsync($"/assistants/{id}/schemas");
            Assert.Equal(["graph_id", "input_schema", "output_schema", "state_schema", "config_schema", "context_schema"], schemas.Members());
            Assert.All(
                ["input_schema", "output_schema", "state_schema"],
                schema => Assert.Equal("messages", schemas.GetProperty(schema).GetProperty("properties").GetProperty("messages").Text("langgraph_type")));
            Assert.Equal(JsonValueKind.Null, schemas.GetProperty("config_schema").ValueKind);
            Assert.Equal("{}", (await client.GetJsonAsync($"/assistants/{id}/subgraphs?recurse=true")).GetRawText());
            Assert.Equal("{}", (await client.GetJsonAsync($"/assistants/{id}/subgraphs/outer%7Cinner")).GetRawText());
        }
    }

    [Fact]
    public async Task Runs_and_threads_name_the_assistant_that_was_used()
    {
        var id = Id(await CreateAsync("""{"graph_id":"echo","metadata":{"from":"assistant"},"config":{"configurable":{"model":"m"}}}"""));
        var thread = await client.NewThreadAsync();
        var run = await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = id, input = Protocol.Say("hello") }).OkAsync();

        Assert.Equal((id, id), (run.Text("assistant_id"), run.Text("agent_id")));
        Assert.Equal("""{"from":"assistant"}""", run.GetProperty("metadata").GetRawText());
        Assert.Equal("""{"configurable":{"model":"m"}}""", run.GetProperty("config").GetRawText());
        Assert.Equal(run.GetProperty("config").GetRawText(), run.GetProperty("kwargs").GetProperty("config").GetRawText());
        var metadata = (await client.GetJsonAsync($"/threads/{thread}")).GetProperty("metadata");
        Assert.Equal(("echo", id), (metadata.Text("graph_id"), metadata.Text("assistant_id")));
        foreach (var (name, value, count) in new[] { ("assistant_id", id, 1), ("agent_id", id, 1), ("agent_id", "echo", 0), ("assistant_id", Protocol.EchoAssistant, 0) })
        {
            var found = await client.PostAsync("/runs/search", new Dictionary<string, string> { [name] = value, ["thread_id"] = thread }).OkAsync();
            Assert.Equal(count, found.GetArrayLength());
        }

        await client.SendAsync(HttpMethod.Delete, $"/assistants/{id}?delete_threads=true").EmptyAsync(HttpStatusCode.NoContent);
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_deleted_assistant_is_gone_and_its_threads_stay_unless_they_were_asked_for()
    {
        var id = Id(await CreateAsync("""{"graph_id":"echo"}"""));
        var thread = await client.NewThreadAsync();
        await client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = id, input = Protocol.Say("hello") }).OkAsync();
        await client.SendAsync(HttpMethod.Delete, $"/assistants/{id}?delete_threads=false").EmptyAsync(HttpStatusCode.NoContent);

        await client.GetJsonAsync($"/threads/{thread}");
        await AssertUnknownAsync(id);
        await AssertUnknownAsync("nobody");
        await AssertUnknownAsync(Guid.NewGuid().ToString());
        await AssertUnknownAsync("%22%20%C3%A4");
    }

    [Theory]
    [InlineData("POST", "/assistants", "{}", "body.graph_id")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","assistant_id":"x"}""", "body.assistant_id")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","if_exists":"x"}""", "body.if_exists")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","metadata":1}""", "body.metadata")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","metadata":{"a":"\u0000"}}""", "body.metadata")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","metadata":{"a":1e99999}}""", "body.metadata")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","config":[]}""", "body.config")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","context":"x"}""", "body.context")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","name":"\u0000"}""", "body.name")]
    [InlineData("POST", "/assistants", """{"graph_id":"echo","description":"\ud800"}""", "body.description")]
    [InlineData("PATCH", "/assistants/echo", """{"metadata":[]}""", "body.metadata")]
    [InlineData("PATCH", "/assistants/echo", """{"metadata":{"\u0000":1}}""", "body.metadata")]
    [InlineData("PATCH", "/assistants/echo", """{"name":1}""", "body.name")]
    [InlineData("POST", "/assistants/search", """{"limit":0}""", "body.limit")]
    [InlineData("POST", "/assistants/search", """{"limit":1001}""", "body.limit")]
    [InlineData("POST", "/assistants/search", """{"offset":-1}""", "body.offset")]
    [InlineData("POST", "/assistants/search", """{"sort_by":"version"}""", "body.sort_by")]
    [InlineData("POST", "/assistants/search", """{"sort_order":"up"}""", "body.sort_order")]
    [InlineData("POST", "/assistants/search", """{"select":["nothing"]}""", "body.select")]
    [InlineData("POST", "/assistants/search", """{"name":"\u0000"}""", "body.name")]
    [InlineData("POST", "/assistants/search", """{"graph_id":"\u0000"}""", "body.graph_id")]
    [InlineData("POST", "/assistants/count", """{"metadata":{"a":"\ud800"}}""", "body.metadata")]
    [InlineData("POST", "/assistants/echo/versions", """{"limit":0}""", "body.limit")]
    [InlineData("POST", "/assistants/echo/latest", "{}", "body.version")]
    [InlineData("POST", "/assistants/echo/latest", """{"version":"1"}""", "body.version")]
    [InlineData("POST", "/assistants/echo/latest?version=x", "", "query.version")]
    [InlineData("GET", "/assistants/echo/graph?xray=deep", "", "query.xray")]
    [InlineData("GET", "/assistants/echo/graph?xray=-1", "", "query.xray")]
    [InlineData("GET", "/assistants/echo/subgraphs?recurse=deep", "", "query.recurse")]
    [InlineData("DELETE", "/assistants/echo?delete_threads=maybe", "", "query.delete_threads")]
    [InlineData("POST", "/agents/search", """{"name":"\u0000"}""", "body.name")]
    public async Task What_cannot_be_is_refused_with_the_name_of_the_field(string method, string path, string body, string location)
    {
        var error = await client.SendAsync(new HttpMethod(method), path, body == "" ? null : body)
            .RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
    }

    [Fact]
    public async Task An_agent_that_nobody_has_registered_is_not_found()
    {
        await client.PostAsync("/assistants", new { graph_id = "nobody" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Patch, "/assistants/echo", new { graph_id = "nobody" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    private static string Id(JsonElement assistant) => assistant.Text("assistant_id");

    private static int Version(JsonElement assistant) => assistant.GetProperty("version").GetInt32();

    private Task<JsonElement> CreateAsync(string json) => client.PostAsync("/assistants", json).OkAsync();

    private async Task AssertUnknownAsync(string id)
    {
        foreach (var (method, path) in new[]
        {
            ("GET", ""), ("PATCH", ""), ("DELETE", "?delete_threads=true"), ("GET", "/graph"), ("GET", "/schemas"), ("GET", "/subgraphs"),
            ("GET", "/subgraphs/inner"), ("POST", "/versions"), ("POST", "/latest?version=1"),
        })
        {
            await client.SendAsync(new HttpMethod(method), $"/assistants/{id}{path}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        await client.SendAsync(HttpMethod.Get, $"/agents/{id}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Get, $"/agents/{id}/schemas").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        var named = Uri.UnescapeDataString(id);
        var refusal = await client.PostAsync("/runs", new { assistant_id = named }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.StartsWith($"No assistant found for \"{named}\"", refusal.Text("message"), StringComparison.Ordinal);
    }
}
