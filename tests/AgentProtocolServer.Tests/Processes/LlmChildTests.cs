using System.Net;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.OpenAi;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>An agent that has another one as a tool, while that other one waits for its model.</summary>
public sealed class LlmChildTests : IAsyncLifetime
{
    private const string Boss = "boss-model";
    private const string Worker = "worker-model";

    private readonly string file = Path.Combine(Path.GetTempPath(), $"agents-{Guid.NewGuid():N}.json");
    private readonly ServerProcesses servers = new();
    private readonly OpenAiReply hanging = OpenAiReply.Endless("I begin ");
    private OpenAiStub model = null!;
    private string thread = "";
    private string run = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        model = await OpenAiStub.StartAsync(Reply);
        await File.WriteAllTextAsync(
            file,
            $$"""
            {
              "agents": [
                { "id": "boss", "kind": "llm", "model": {{Describe(Boss)}}, "tools": [{ "agent": "worker" }, { "store": { "namespace": ["boss"] } }] },
                { "id": "worker", "kind": "llm", "model": {{Describe(Worker)}} }
              ]
            }
            """,
            Token);
    }

    public async ValueTask DisposeAsync()
    {
        await servers.DisposeAsync();
        await model.DisposeAsync();
        File.Delete(file);
    }

    [Fact]
    public async Task Cancelled_parent_takes_its_child_with_it()
    {
        var server = await StartAsync();

        await server.Client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        await hanging.ClientLeft.WaitAsync(Token);

        var (childThread, child) = await ChildAsync(server);
        await server.Client.WaitForStatusAsync(childThread, child, "interrupted");
        Assert.Equal("interrupted", (await server.Client.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"));
        Assert.Equal((1, 1), (Asked(Boss), Asked(Worker)));
        Assert.Equal(["human: go", "ai: ", "tool: Remembered under \"a\"."], (await server.Client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("values").Conversation());
    }

    [Fact]
    public async Task Drained_server_hands_both_back_and_the_parent_finds_its_child_again()
    {
        var first = await StartAsync();

        first.Terminate();
        Assert.Equal(0, await first.ExitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.Equal(2, await servers.ScalarAsync<long>("select count(*) from run_work where state = 2 and node is null and losses = 0 and failures = 0"));

        // What the other call has done is kept, so that it is not made again.
        Assert.Equal(1, await servers.ScalarAsync<long>("select count(*) from checkpoints where node = 'tools'"));
        await AssertGoesOnAsync(await ServeAsync());
        Assert.Equal(2, await servers.ScalarAsync<long>("select count(*) from checkpoints where node = 'tools'"));
    }

    [Fact]
    public async Task Killed_server_leaves_a_parent_that_finds_its_child_again()
    {
        var first = await StartAsync();

        await first.KillAsync();

        await AssertGoesOnAsync(await ServeAsync());
    }

    private string Describe(string name) => JsonSerializer.Serialize(new { provider = "openai", baseUrl = model.BaseUrl, name });

    private int Asked(string name) => model.Requests.Count(request => request.Model == name);

    /// <summary>The boss has its worker and the store work at once; the worker's first answer never ends.</summary>
    private OpenAiReply Reply(ChatRequest request) => request.Model switch
    {
        Worker => Asked(Worker) == 1 ? hanging : OpenAiReply.Saying("The work is done."),
        _ when request.CountOf("tool") == 0 => OpenAiReply.Calling(
            ("call-1", "worker", """{"task":"Work."}"""), ("call-2", "store_put", """{"key":"a","value":{"n":1}}""")),
        _ => OpenAiReply.Saying("All is done."),
    };

    /// <summary>A server on which the child waits for its model, and the other call is made.</summary>
    private async Task<ServerProcess> StartAsync()
    {
        var server = await ServeAsync();
        thread = await server.Client.NewThreadAsync();
        run = (await server.Client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "boss", input = Protocol.Say("go") }).OkAsync()).Text("run_id");
        await Until.TrueAsync(() => Task.FromResult(Asked(Worker) == 1), Token);
        await Until.TrueAsync(
            async () => (await servers.ScalarAsync<long>("select count(*) from run_events where frames like '%tool-finished%'")) > 0, Token);
        return server;
    }

    private Task<ServerProcess> ServeAsync() => servers.ServeAsync($"--Agents:File={file}", "--Runs:DrainTimeout=00:00:01", "--Runs:CancelGrace=00:00:05");

    private async Task AssertGoesOnAsync(ServerProcess server)
    {
        var values = await server.Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");

        Assert.Equal("ai: All is done.", values.Conversation()[^1]);
        Assert.Contains("tool: The work is done.", values.Conversation());
        Assert.Equal("success", (await server.Client.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"));
        Assert.Equal((2, 2), (Asked(Boss), Asked(Worker)));
        var (childThread, child) = await ChildAsync(server);
        Assert.Equal("success", (await server.Client.GetJsonAsync($"/threads/{childThread}/runs/{child}")).Text("status"));
    }

    /// <summary>The only child that there is.</summary>
    private async Task<(string Thread, string Run)> ChildAsync(ServerProcess server)
    {
        var found = await server.Client.PostAsync("/threads/search", new { metadata = new { parent_run_id = run } }).OkAsync();
        var childThread = Assert.Single(found.EnumerateArray()).Text("thread_id");
        var runs = await server.Client.GetJsonAsync($"/threads/{childThread}/runs");
        return (childThread, Assert.Single(runs.EnumerateArray()).Text("run_id"));
    }
}
