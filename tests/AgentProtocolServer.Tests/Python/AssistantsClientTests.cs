using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>client.assistants</c> of <c>langgraph_sdk</c> (wire-contract 8.1).</summary>
public sealed class AssistantsClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /assistants", Client.PythonSdk)]
    [Proves("GET /assistants/{assistant_id}", Client.PythonSdk)]
    [Proves("DELETE /assistants/{assistant_id}", Client.PythonSdk)]
    public async Task An_assistant_is_created_read_and_deleted()
    {
        var id = Guid.NewGuid();
        var created = await sdk.PostAsync(
            "/assistants",
            $$$"""{"graph_id":"echo","config":{"tags":["t"]},"context":{"c":1},"metadata":{"m":1},"assistant_id":"{{{id}}}","if_exists":"raise","name":"mine","description":"d"}""");
        Assert.Equal((id.ToString(), "echo", "mine", 1), (created.Text("assistant_id"), created.Text("graph_id"), created.Text("name"), created.GetProperty("version").GetInt32()));
        Assert.Equal(created.GetRawText(), (await sdk.GetAsync($"/assistants/{id}")).GetRawText());
        await sdk.RefusedAsync(HttpStatusCode.Conflict, HttpMethod.Post, "/assistants", $$"""{"graph_id":"echo","assistant_id":"{{id}}"}""");
        await sdk.DeleteAsync($"/assistants/{id}?delete_threads=true");
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/assistants/{id}");
        await sdk.DeleteAsync($"/assistants/{(await NewAsync("other")).Text("assistant_id")}");
    }

    [Fact]
    [Proves("PATCH /assistants/{assistant_id}", Client.PythonSdk)]
    [Proves("POST /assistants/{assistant_id}/versions", Client.PythonSdk)]
    [Proves("POST /assistants/{assistant_id}/latest", Client.PythonSdk)]
    public async Task An_assistant_has_versions()
    {
        var id = (await NewAsync("first")).Text("assistant_id");
        Assert.Equal(2, (await sdk.PatchAsync($"/assistants/{id}", """{"name":"second","config":{},"metadata":{"a":1}}""")).GetProperty("version").GetInt32());
        var versions = await sdk.PostAsync($"/assistants/{id}/versions", """{"limit":10,"offset":0}""");
        Assert.Equal([2, 1], versions.EnumerateArray().Select(version => version.GetProperty("version").GetInt32()));
        Assert.Equal("first", (await sdk.PostAsync($"/assistants/{id}/latest", """{"version":1}""")).Text("name"));
        // Trap 50: an empty patch is a version, too, and counts on from the greatest.
        Assert.Equal(3, (await sdk.PatchAsync($"/assistants/{id}", "{}")).GetProperty("version").GetInt32());
    }

    [Fact]
    [Proves("POST /assistants/search", Client.PythonSdk)]
    [Proves("POST /assistants/count", Client.PythonSdk)]
    public async Task Assistants_are_searched_and_counted()
    {
        var name = Guid.NewGuid().ToString();
        await NewAsync(name);
        await NewAsync(name);
        var body = $$"""{"limit":1,"offset":0,"graph_id":"echo","name":"{{name}}","sort_by":"created_at","sort_order":"desc","select":["assistant_id","name"]}""";
        using var response = await sdk.RespondAsync(HttpMethod.Post, "/assistants/search", body);
        var found = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal(["assistant_id", "name"], Assert.Single(found.EnumerateArray()).Members());
        // `response_format="object"`.
        Assert.Equal("1", response.Header("X-Pagination-Next"));
        Assert.Equal(2, (await sdk.PostAsync("/assistants/count", $$"""{"graph_id":"echo","name":"{{name}}"}""")).GetInt32());
        Assert.NotEqual(0, (await sdk.PostAsync("/assistants/search", """{"limit":10,"offset":0}""")).GetArrayLength());
    }

    [Fact]
    [Proves("GET /assistants/{assistant_id}/graph", Client.PythonSdk)]
    [Proves("GET /assistants/{assistant_id}/schemas", Client.PythonSdk)]
    [Proves("GET /assistants/{assistant_id}/subgraphs", Client.PythonSdk)]
    [Proves("GET /assistants/{assistant_id}/subgraphs/{namespace}", Client.PythonSdk)]
    public async Task An_assistant_is_described()
    {
        foreach (var xray in new[] { "false", "true", "1" })
        {
            var graph = await sdk.GetAsync($"/assistants/echo/graph?xray={xray}");
            Assert.Contains("__start__", graph.GetProperty("nodes").EnumerateArray().Select(node => node.Text("id")));
            Assert.NotEqual(0, graph.GetProperty("edges").GetArrayLength());
        }

        var schemas = await sdk.GetAsync("/assistants/echo/schemas");
        Assert.All(["input_schema", "output_schema", "state_schema", "config_schema"], name => Assert.True(schemas.TryGetProperty(name, out _), name));
        Assert.Equal("{}", (await sdk.GetAsync("/assistants/echo/subgraphs?recurse=false")).GetRawText());
        Assert.Equal("{}", (await sdk.GetAsync("/assistants/echo/subgraphs/nothing?recurse=true")).GetRawText());
    }

    private Task<JsonElement> NewAsync(string name) => sdk.PostAsync("/assistants", $$"""{"graph_id":"echo","name":"{{name}}"}""");
}
