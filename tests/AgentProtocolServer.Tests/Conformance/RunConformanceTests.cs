using System.Net;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The tags "Runs" and "Background Runs" of the Agent Protocol's document.</summary>
public sealed class RunConformanceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ProtocolClient protocol = new(fixture.Client);

    [Fact]
    [Proves("POST /runs", Client.AgentProtocol)]
    public async Task A_run_is_created()
    {
        await protocol.OkAsync("POST /runs", body: new { input = Protocol.Say("sleep 0.1"), metadata = new { a = 1 }, config = new { tags = new[] { "t" } } });
        await RefusesToStartAsync("POST /runs");
    }

    [Fact]
    [Proves("POST /runs/stream", Client.AgentProtocol)]
    public async Task A_run_is_created_and_streamed()
    {
        await protocol.OkAsync("POST /runs/stream", body: new { agent_id = "echo", input = Protocol.Say("hello"), stream_mode = new[] { "values", "updates" } });
        await RefusesToStartAsync("POST /runs/stream");
    }

    [Fact]
    [Proves("POST /runs/wait", Client.AgentProtocol)]
    public async Task A_run_is_created_and_waited_for()
    {
        // Row 2: without assistant_id the answer is the envelope; row 7: without messages in its values.
        var answer = await protocol.OkAsync("POST /runs/wait", body: new { agent_id = "echo", messages = new[] { new { role = "user", content = "hello" } } });
        Assert.Equal("success", answer.GetProperty("run").Text("status"));
        Assert.False(answer.GetProperty("values").TryGetProperty("messages", out _));
        Assert.Equal("error", (await protocol.OkAsync("POST /runs/wait", body: new { input = Protocol.Say("fail boom") })).GetProperty("run").Text("status"));
        await RefusesToStartAsync("POST /runs/wait");
    }

    [Fact]
    [Proves("POST /runs/search", Client.AgentProtocol)]
    public async Task Runs_are_searched()
    {
        const string Operation = "POST /runs/search";
        var (thread, run) = await SleepingAsync();
        // Row 5: the protocol has no "running".
        var found = await protocol.OkAsync(Operation, body: new { thread_id = thread, agent_id = "echo", status = "pending", metadata = new { }, limit = 10, offset = 0 });
        Assert.Equal(run, Assert.Single(found.EnumerateArray()).Text("run_id"));
        await protocol.OkAsync(Operation);
        await protocol.RefusesBodiesAsync(Operation, null, new { limit = 0 }, new { status = "asleep" }, new { thread_id = "x" }, new { metadata = 7 });
        await protocol.CallAsync(HttpStatusCode.NoContent, "POST /runs/{run_id}/cancel", run);
    }

    [Fact]
    [Proves("GET /runs/{run_id}", Client.AgentProtocol)]
    [Proves("POST /runs/{run_id}/cancel", Client.AgentProtocol)]
    [Proves("DELETE /runs/{run_id}", Client.AgentProtocol)]
    public async Task A_run_is_read_cancelled_and_deleted()
    {
        var (_, run) = await SleepingAsync();
        Assert.Equal("pending", (await protocol.OkAsync("GET /runs/{run_id}", run)).Text("status"));
        await protocol.CallAsync(HttpStatusCode.Conflict, "DELETE /runs/{run_id}", run);
        await protocol.CallAsync(HttpStatusCode.UnprocessableEntity, "POST /runs/{run_id}/cancel", run, query: "?action=nonsense");
        await protocol.CallAsync(HttpStatusCode.NoContent, "POST /runs/{run_id}/cancel", run, query: "?wait=true&action=interrupt");
        Assert.Equal("interrupted", (await protocol.OkAsync("GET /runs/{run_id}", run)).Text("status"));
        await protocol.CallAsync(HttpStatusCode.NoContent, "DELETE /runs/{run_id}", run);
        foreach (var operation in new[] { "GET /runs/{run_id}", "POST /runs/{run_id}/cancel", "DELETE /runs/{run_id}" })
        {
            await protocol.CallAsync(HttpStatusCode.NotFound, operation, run);
            await protocol.RefusesIdsAsync(operation);
        }
    }

    [Fact]
    [Proves("GET /runs/{run_id}/wait", Client.AgentProtocol)]
    [Proves("GET /runs/{run_id}/stream", Client.AgentProtocol)]
    public async Task A_run_is_waited_for_and_streamed()
    {
        var run = (await protocol.OkAsync("POST /runs", body: new { input = Protocol.Say("hello") })).Text("run_id");
        await protocol.OkAsync("GET /runs/{run_id}/stream", run);
        Assert.Equal("success", (await protocol.OkAsync("GET /runs/{run_id}/wait", run)).GetProperty("run").Text("status"));
        await protocol.RefusesIdsAsync("GET /runs/{run_id}/wait");
        await protocol.RefusesIdsAsync("GET /runs/{run_id}/stream");
    }

    /// <summary>404 for what is not there, 409 for a thread that is taken, 422 for what cannot be, 400 for no JSON.</summary>
    private async Task RefusesToStartAsync(string operation)
    {
        var (thread, run) = await SleepingAsync();
        await protocol.CallAsync(HttpStatusCode.NotFound, operation, body: new { agent_id = "nobody" });
        await protocol.CallAsync(HttpStatusCode.NotFound, operation, body: new { thread_id = Guid.NewGuid() });
        await protocol.CallAsync(HttpStatusCode.Conflict, operation, body: new { thread_id = thread, multitask_strategy = "reject" });
        await protocol.RefusesBodiesAsync(operation, null, new { config = 7 }, new { multitask_strategy = "nonsense" }, new { stream_mode = "nonsense" }, new { thread_id = "x" });
        await protocol.CallAsync(HttpStatusCode.NoContent, "POST /runs/{run_id}/cancel", run);
    }

    private async Task<(string ThreadId, string RunId)> SleepingAsync()
    {
        var thread = await fixture.Client.NewThreadAsync();
        return (thread, (await protocol.OkAsync("POST /runs", body: new { thread_id = thread, input = Protocol.Say("sleep 60") })).Text("run_id"));
    }
}
