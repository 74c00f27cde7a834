using System.Net;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.OpenAi;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Agents;

/// <summary>What callers see when the agents file changes under a running server.</summary>
public sealed class AgentReloadTests : IAsyncLifetime
{
    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private OpenAiStub old = null!;
    private OpenAiStub other = null!;
    private TestServer server = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HttpClient Client => server.Client;

    public async ValueTask InitializeAsync()
    {
        (old, other) = (await OpenAiStub.StartAsync(), await OpenAiStub.StartAsync());
        Write(Helper("first", old));
        server = await TestServer.StartAsync($"--Agents:File={file}");
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await old.DisposeAsync();
        await other.DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task New_runs_get_the_new_agent_and_a_running_one_keeps_the_old()
    {
        var (first, second, reply) = (await Client.NewThreadAsync(), await Client.NewThreadAsync(), OpenAiReply.Endless("old"));
        old.Enqueue(reply);
        other.Enqueue(OpenAiReply.Saying("new"));
        var running = await StartAsync(first);
        await Until.TrueAsync(() => Task.FromResult(old.OpenRequests == 1), Token);

        Write(Helper("second", other));
        await DescribedAsync("second");
        var answer = await Client.PostAsync($"/threads/{second}/runs/wait", new { assistant_id = "helper", input = Protocol.Say("hello") }).OkAsync();

        Assert.Equal(["human: hello", "ai: new"], answer.Conversation());
        Assert.Equal((1, 1), (old.OpenRequests, other.Requests.Count));
        await Client.PostAsync($"/threads/{first}/runs/{running}/cancel?wait=1");
        await reply.ClientLeft.WaitAsync(Token);
        Assert.Equal((1, 1), (old.Requests.Count, other.Requests.Count));
        await LoggedAsync("agents added: none; changed: helper; removed: none");
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task A_file_with_a_mistake_is_one_line_in_the_log_and_the_agents_stay()
    {
        Write("""{ "id": "helper", "kind": "nonsense" }""");
        await Until.TrueAsync(() => Task.FromResult(server.Errors.Length > 0), Token);

        var line = Assert.Single(server.Errors);
        Assert.Contains($"{file}, line 1, $.agents[0].kind: ", line, StringComparison.Ordinal);
        Assert.Equal("first", (await Client.GetJsonAsync("/agents/helper")).Text("description"));

        Write(Helper("second", old), Helper("third", old, id: "more"));
        await DescribedAsync("second");
        await LoggedAsync("agents added: more; changed: helper; removed: none");
        Assert.Single(server.Errors);
    }

    [Fact]
    public async Task An_id_of_an_agent_that_is_there_already_is_such_a_mistake()
    {
        Write(Helper("second", old), Helper("third", old, id: "echo"));
        await Until.TrueAsync(() => Task.FromResult(server.Errors.Length > 0), Token);

        Assert.Contains("\"echo\" is the id of another agent", Assert.Single(server.Errors), StringComparison.Ordinal);
        Assert.Equal("first", (await Client.GetJsonAsync("/agents/helper")).Text("description"));
    }

    [Fact]
    public async Task An_agent_that_is_gone_is_unknown_and_so_ends_what_still_waits_for_it()
    {
        var (thread, reply) = (await Client.NewThreadAsync(), OpenAiReply.Endless("old"));
        old.Enqueue(reply);
        var running = await StartAsync(thread);
        var waiting = await StartAsync(thread);
        await Until.TrueAsync(() => Task.FromResult(old.OpenRequests == 1), Token);

        Write();
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await Client.GetAsync("/agents/helper", Token);
                return answer.StatusCode == HttpStatusCode.NotFound;
            },
            Token);
        await Client.PostAsync("/runs", new { agent_id = "helper", input = Protocol.Say("hello") }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.DoesNotContain("helper", (await Client.PostAsync("/assistants/search", new { }).OkAsync()).GetRawText(), StringComparison.Ordinal);

        await Client.PostAsync($"/threads/{thread}/runs/{running}/cancel?wait=1");
        await Client.WaitForStatusAsync(thread, waiting, "error");
        Assert.Contains("No agent \"helper\"", (await Client.GetJsonAsync($"/threads/{thread}/runs/{waiting}")).Text("error"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_file_says_of_an_agent_is_what_callers_see()
    {
        Write("""
            { "id": "helper", "kind": "llm", "name": "Helper", "description": "second", "metadata": { "team": "red", "level": 1.50 },
              "inputSchema": { "type": "object", "title": "Question" }, "model": { "provider": "openai", "baseUrl": "URL", "name": "m" } }
            """.Replace("URL", old.BaseUrl, StringComparison.Ordinal));
        await DescribedAsync("second");

        var agent = await Client.GetJsonAsync("/agents/helper");
        Assert.Equal(("Helper", """{"created_by":"system","kind":"llm","team":"red","level":1.50}"""), (agent.Text("name"), agent.GetProperty("metadata").GetRawText()));
        var assistant = Assert.Single((await Client.PostAsync("/assistants/search", new { metadata = new { team = "red" } }).OkAsync()).EnumerateArray());
        Assert.Equal(agent.GetProperty("metadata").GetRawText(), assistant.GetProperty("metadata").GetRawText());
        Assert.Equal("Question", (await Client.GetJsonAsync("/agents/helper/schemas")).GetProperty("input_schema").Text("title"));

        Assert.Equal("""{"team":"red","level":1.50}""", await RunMetadataAsync());
        await Client.SendAsync(HttpMethod.Patch, "/assistants/helper", new { metadata = new { level = 2 } }).OkAsync();
        Assert.Equal("""{"team":"red","level":2}""", await RunMetadataAsync());
    }

    private static string Helper(string description, OpenAiStub model, string id = "helper") => JsonSerializer.Serialize(new
    {
        id,
        kind = "llm",
        description,
        model = new { provider = "openai", baseUrl = model.BaseUrl, name = "stub-model-1" },
    });

    private void Write(params string[] agents) => File.WriteAllText(file, $$"""{ "agents": [ {{string.Join(", ", agents)}} ] }""");

    /// <summary>The line comes behind the agents that it is about.</summary>
    private Task LoggedAsync(string line) =>
        Until.TrueAsync(() => Task.FromResult(server.Log.Contains(line, StringComparison.Ordinal)), Token, condition: line);

    private async Task<string> StartAsync(string thread) => (await Client.PostAsync(
        $"/threads/{thread}/runs", new { assistant_id = "helper", multitask_strategy = "enqueue", input = Protocol.Say("hello") }).OkAsync()).Text("run_id");

    private async Task<string> RunMetadataAsync()
    {
        old.Enqueue(OpenAiReply.Saying("done"));
        var thread = await Client.NewThreadAsync();
        var run = await StartAsync(thread);
        await Client.WaitForStatusAsync(thread, run, "success");
        return (await Client.GetJsonAsync($"/threads/{thread}/runs/{run}")).GetProperty("metadata").GetRawText();
    }

    private Task DescribedAsync(string description) => Until.TrueAsync(
        async () => (await Client.GetJsonAsync("/agents/helper")).Text("description") == description, Token, condition: $"the agent is the {description}");
}
