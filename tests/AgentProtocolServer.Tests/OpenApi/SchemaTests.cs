using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;
using NJsonSchema;
using Xunit;

namespace AgentProtocolServer.Tests.OpenApi;

/// <summary>Our answers are valid by the schemas of the Agent Protocol (wire-contract 12, 14).</summary>
public sealed class SchemaTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task Threads_and_their_states_are_valid()
    {
        var created = await client.PostAsync("/threads", new { metadata = new { a = 1 } }).OkAsync();
        await AssertValidAsync("Thread", created);
        var id = created.Text("thread_id");
        await client.AnswerAsync(id, "hello");
        await AssertValidAsync("Thread", await client.GetJsonAsync($"/threads/{id}"));
        await AssertValidAsync("Thread", await client.SendAsync(HttpMethod.Patch, $"/threads/{id}", new { values = new { b = 1 }, metadata = new { c = 1 } }).OkAsync());
        await AssertAllValidAsync("Thread", await client.PostAsync("/threads/search", new { ids = new[] { id } }).OkAsync());
        await AssertAllValidAsync("ThreadState", await client.GetJsonAsync($"/threads/{id}/history"));
        await client.AnswerAsync(id, "fail boom");
        await AssertValidAsync("Thread", await client.GetJsonAsync($"/threads/{id}"));
    }

    [Fact]
    public async Task Runs_are_valid_in_every_status()
    {
        var created = await client.PostAsync("/runs", new { input = Protocol.Say("sleep 60"), metadata = new { a = 1 } }).OkAsync();
        await AssertValidAsync("Run", created);
        var id = created.Text("run_id");
        await AssertValidAsync("Run", await client.GetJsonAsync($"/runs/{id}"));
        await client.PostAsync($"/runs/{id}/cancel?wait=1");
        await AssertValidAsync("Run", await client.GetJsonAsync($"/runs/{id}"));
        await AssertValidAsync("RunWaitResponse", await client.GetJsonAsync($"/runs/{id}/wait"));
        foreach (var text in new[] { "hello", "fail boom" })
        {
            await AssertValidAsync("RunWaitResponse", await client.PostAsync("/runs/wait", new { input = Protocol.Say(text) }).OkAsync());
        }

        await AssertAllValidAsync("Run", await client.PostAsync("/runs/search", new { limit = 1000 }).OkAsync());
    }

    [Fact]
    public async Task Items_of_the_store_are_valid()
    {
        await client.SendAsync(HttpMethod.Put, "/store/items", """{"namespace":["a"],"key":"k","value":{"b":1}}""");
        await AssertValidAsync("Item", await client.GetJsonAsync("/store/items?namespace=a&key=k"));
        await AssertValidAsync("SearchItemsResponse", await client.PostAsync("/store/items/search").OkAsync());
    }

    [Fact]
    public async Task Agents_and_errors_are_valid()
    {
        await AssertValidAsync("Agent", await client.GetJsonAsync("/agents/echo"));
        var id = (await client.PostAsync("/assistants", new { graph_id = "echo" }).OkAsync()).Text("assistant_id");
        await AssertAllValidAsync("Agent", await client.PostAsync("/agents/search").OkAsync());
        await AssertValidAsync("AgentSchema", await client.GetJsonAsync("/agents/echo/schemas"));
        await AssertValidAsync("AgentSchema", await client.GetJsonAsync($"/agents/{id}/schemas"));
        foreach (var path in new[] { "/agents/nobody", "/threads/x", $"/runs/{Guid.NewGuid()}" })
        {
            using var response = await client.SendAsync(HttpMethod.Get, path);
            await AssertValidAsync("ErrorResponse", JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement);
        }
    }

    private static async Task AssertAllValidAsync(string schema, JsonElement list)
    {
        Assert.NotEqual(0, list.GetArrayLength());
        foreach (var item in list.EnumerateArray())
        {
            await AssertValidAsync(schema, item);
        }
    }

    private static async Task AssertValidAsync(string name, JsonElement body)
    {
        var definitions = SpecFiles.AgentProtocol.GetProperty("components").GetProperty("schemas").GetRawText().Replace("#/components/schemas/", "#/definitions/", StringComparison.Ordinal);
        var schema = await JsonSchema.FromJsonAsync(
            $$"""{"allOf":[{"$ref":"#/definitions/{{name}}"}],"definitions":{{definitions}}}""", TestContext.Current.CancellationToken);
        var errors = schema.Validate(body.GetRawText());
        Assert.True(errors.Count == 0, $"{string.Join(", ", errors)} in {body}");
    }
}
