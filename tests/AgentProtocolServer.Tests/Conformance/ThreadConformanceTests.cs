using System.Net;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The tag "Threads" of the Agent Protocol's document.</summary>
public sealed class ThreadConformanceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ProtocolClient protocol = new(fixture.Client);

    [Fact]
    [Proves("POST /threads", Client.AgentProtocol)]
    public async Task A_thread_is_created()
    {
        const string Operation = "POST /threads";
        var id = Guid.NewGuid();
        await protocol.OkAsync(Operation);
        await protocol.OkAsync(Operation, body: new { thread_id = id, metadata = new { a = 1 }, if_exists = "raise" });
        await protocol.CallAsync(HttpStatusCode.Conflict, Operation, body: new { thread_id = id });
        await protocol.OkAsync(Operation, body: new { thread_id = id, if_exists = "do_nothing" });
        await protocol.RefusesBodiesAsync(Operation, null, new { thread_id = "x" }, new { metadata = 7 }, new { if_exists = "maybe" });
    }

    [Fact]
    [Proves("POST /threads/search", Client.AgentProtocol)]
    public async Task Threads_are_searched()
    {
        const string Operation = "POST /threads/search";
        var id = await AnsweredAsync();
        await protocol.OkAsync(Operation);
        Assert.Equal(1, (await protocol.OkAsync(Operation, body: new { ids = new[] { id }, status = "idle", metadata = new { }, values = new { }, limit = 1, offset = 0 })).GetArrayLength());
        await protocol.RefusesBodiesAsync(Operation, null, new { limit = 0 }, new { limit = 1001 }, new { offset = -1 }, new { status = "asleep" }, new { ids = "x" });
    }

    [Fact]
    [Proves("GET /threads/{thread_id}", Client.AgentProtocol)]
    public async Task A_thread_is_read_new_answered_busy_and_failed()
    {
        const string Operation = "GET /threads/{thread_id}";
        await protocol.OkAsync(Operation, (await protocol.OkAsync("POST /threads")).Text("thread_id"));
        var id = await AnsweredAsync();
        Assert.Equal(2, (await protocol.OkAsync(Operation, id)).GetProperty("messages").GetArrayLength());
        var run = await fixture.Client.StartAsync(id, "sleep 60");
        Assert.Equal("busy", (await protocol.OkAsync(Operation, id)).Text("status"));
        await protocol.CallAsync(HttpStatusCode.NoContent, "POST /runs/{run_id}/cancel", run, query: "?wait=true");
        await fixture.Client.AnswerAsync(id, "fail boom");
        Assert.Equal("error", (await protocol.OkAsync(Operation, id)).Text("status"));
        await protocol.RefusesIdsAsync(Operation);
    }

    [Fact]
    [Proves("PATCH /threads/{thread_id}", Client.AgentProtocol)]
    public async Task A_thread_is_patched()
    {
        const string Operation = "PATCH /threads/{thread_id}";
        var id = await AnsweredAsync();
        var body = new { metadata = new { a = 1 }, values = new { b = 2 }, messages = new[] { new { role = "user", content = "more" } } };
        Assert.Equal(3, (await protocol.OkAsync(Operation, id, body)).GetProperty("messages").GetArrayLength());
        await protocol.RefusesIdsAsync(Operation);
        await protocol.RefusesBodiesAsync(Operation, id, new { metadata = 7 }, new { values = 7 }, new { messages = 7 });
        await fixture.Client.StartAsync(id, "sleep 60");
        await protocol.CallAsync(HttpStatusCode.Conflict, Operation, id, body);
        await protocol.CallAsync(HttpStatusCode.NoContent, "DELETE /threads/{thread_id}", id);
    }

    [Fact]
    [Proves("DELETE /threads/{thread_id}", Client.AgentProtocol)]
    public async Task A_thread_is_deleted()
    {
        const string Operation = "DELETE /threads/{thread_id}";
        var id = await AnsweredAsync();
        await protocol.CallAsync(HttpStatusCode.NoContent, Operation, id);
        await protocol.CallAsync(HttpStatusCode.NotFound, Operation, id);
        await protocol.RefusesIdsAsync(Operation);
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/history", Client.AgentProtocol)]
    public async Task The_history_of_a_thread_is_read()
    {
        const string Operation = "GET /threads/{thread_id}/history";
        var id = await AnsweredAsync();
        var history = await protocol.OkAsync(Operation, id);
        Assert.Equal(3, history.GetArrayLength());
        Assert.Equal(1, (await protocol.OkAsync(Operation, id, query: $"?limit=1&before={history[0].GetProperty("checkpoint").Text("checkpoint_id")}")).GetArrayLength());
        await protocol.CallAsync(HttpStatusCode.UnprocessableEntity, Operation, id, query: "?limit=0");
        await protocol.CallAsync(HttpStatusCode.UnprocessableEntity, Operation, id, query: "?before=x");
        await protocol.RefusesIdsAsync(Operation);
    }

    private async Task<string> AnsweredAsync()
    {
        var id = await fixture.Client.NewThreadAsync();
        await fixture.Client.AnswerAsync(id, "hello");
        return id;
    }
}
