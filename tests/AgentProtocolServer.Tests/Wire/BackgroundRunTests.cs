using System.Net;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The Agent Protocol's own routes for runs, and stateless runs (wire-contract 4.3, 4.4, 12 rows 1, 2, 5, 7 and 25).</summary>
public sealed class BackgroundRunTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Proves("GET /runs/{run_id}/join")]
    public async Task A_stateless_run_is_addressed_without_its_thread_and_read_after_its_thread_has_gone()
    {
        using var response = await client.PostAsync("/runs", new { input = Protocol.Say("hello") });
        var run = await response.JsonAsync();
        var runId = run.Text("run_id");
        Assert.Equal($"/runs/{runId}", response.Header("Content-Location"));
        Assert.Equal(("pending", "echo"), (run.Text("status"), run.Text("agent_id")));

        var envelope = await client.GetJsonAsync($"/runs/{runId}/wait");
        Assert.Equal(["run", "values", "messages", "status"], envelope.Members());
        Assert.Equal("success", envelope.Text("status"));
        Assert.False(envelope.GetProperty("values").TryGetProperty("messages", out _));
        Assert.Equal(["user", "assistant"], envelope.GetProperty("messages").EnumerateArray().Select(message => message.Text("role")));

        await client.SendAsync(HttpMethod.Get, $"/threads/{run.Text("thread_id")}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("success", (await client.GetJsonAsync($"/runs/{runId}")).Text("status"));
        Assert.Equal(envelope.GetRawText(), (await client.GetJsonAsync($"/runs/{runId}/wait")).GetRawText());
        Assert.Equal(["human: hello", "ai: echo: hello"], (await client.GetJsonAsync($"/runs/{runId}/join")).Conversation());
    }

    [Fact]
    public async Task Waiting_answers_values_to_who_names_an_assistant_and_an_envelope_to_others()
    {
        using var response = await client.PostAsync("/runs/wait", new { assistant_id = "echo", input = Protocol.Say("x") });
        Assert.StartsWith("/runs/", response.Header("Content-Location"), StringComparison.Ordinal);
        Assert.Equal(response.Header("Content-Location") + "/join", response.Header("Location"));
        Assert.Equal(["human: x", "ai: echo: x"], (await response.JsonAsync()).Conversation());
        foreach (var body in new object[] { new { agent_id = "echo", input = Protocol.Say("x") }, new { messages = new[] { new { role = "user", content = "x" } } } })
        {
            var envelope = await client.PostAsync("/runs/wait", body).OkAsync();
            Assert.Equal("success", envelope.GetProperty("run").Text("status"));
            Assert.Equal("echo: x", envelope.GetProperty("messages")[1].Text("content"));
        }
    }

    [Fact]
    public async Task A_failure_is_told_in_the_run_of_the_envelope()
    {
        var run = (await client.PostAsync("/runs/wait", new { input = Protocol.Say("fail boom") }).OkAsync()).GetProperty("run");
        Assert.Equal(("error", "boom"), (run.Text("status"), run.Text("error")));
    }

    [Fact]
    public async Task A_thread_in_the_body_makes_it_a_run_of_that_thread()
    {
        var id = await client.NewThreadAsync();
        using var response = await client.PostAsync("/runs", new { thread_id = id, agent_id = Protocol.EchoAssistant, input = Protocol.Say("x") });
        var runId = (await response.JsonAsync()).Text("run_id");
        Assert.Equal($"/threads/{id}/runs/{runId}", response.Header("Content-Location"));
        await client.GetJsonAsync($"/runs/{runId}/wait");
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{id}")).Text("status"));
        await client.PostAsync("/runs", new { thread_id = Guid.NewGuid() }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_running_run_is_pending_to_the_protocol_and_running_to_the_sdks()
    {
        var id = await client.NewThreadAsync();
        var runId = await client.StartAsync(id, "sleep 60");
        await client.WaitForStatusAsync(id, runId, "running");
        Assert.Equal("pending", (await client.GetJsonAsync($"/runs/{runId}")).Text("status"));
        var found = await client.PostAsync("/runs/search", new { thread_id = id, status = "pending" }).OkAsync();
        Assert.Equal([(runId, "pending")], found.EnumerateArray().Select(run => (run.Text("run_id"), run.Text("status"))));
        await client.SendAsync(HttpMethod.Delete, $"/runs/{runId}").RefusedAsync(HttpStatusCode.Conflict, "conflict");
        await client.PostAsync($"/runs/{runId}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/runs/{runId}")).Text("status"));
        await client.SendAsync(HttpMethod.Delete, $"/runs/{runId}").EmptyAsync(HttpStatusCode.NoContent);
        await client.SendAsync(HttpMethod.Get, $"/runs/{runId}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Trap_1_a_cancel_without_wait_has_no_body_either()
    {
        var run = (await client.PostAsync("/runs", new { input = Protocol.Say("sleep 60") }).OkAsync()).Text("run_id");
        await client.PostAsync($"/runs/{run}/cancel").EmptyAsync(HttpStatusCode.NoContent);
        await Until.TrueAsync(async () => (await client.GetJsonAsync($"/runs/{run}")).Text("status") == "interrupted", Token);
    }

    [Fact]
    public async Task Runs_are_searched_by_metadata_agent_status_and_thread()
    {
        var metadata = new { mark = Guid.NewGuid() };
        for (var i = 0; i < 3; i++)
        {
            await client.PostAsync("/runs/wait", new { input = Protocol.Say("x"), metadata }).OkAsync();
        }

        using var page = await client.PostAsync("/runs/search", new { metadata, agent_id = "echo", status = "success", limit = 2 });
        Assert.Equal(("3", "2"), (page.Header("X-Pagination-Total"), page.Header("X-Pagination-Next")));
        Assert.Equal(2, (await page.JsonAsync()).GetArrayLength());
        Assert.Equal(0, (await client.PostAsync("/runs/search", new { metadata, status = "error" }).OkAsync()).GetArrayLength());
        Assert.Equal(0, (await client.PostAsync("/runs/search", new { metadata, agent_id = "nobody" }).OkAsync()).GetArrayLength());
        Assert.Equal(3, (await client.PostAsync("/runs/search", new { metadata, assistant_id = Protocol.EchoAssistant }).OkAsync()).GetArrayLength());
    }

    [Fact]
    public async Task Traps_27_and_28_a_stateless_stream_can_be_read_again_under_its_relative_address()
    {
        using var stream = await client.OpenAsync(HttpMethod.Post, "/runs/stream", new { assistant_id = "echo", input = Protocol.Say("hello"), stream_mode = "updates" });
        var place = stream.Header("Content-Location");
        Assert.Equal(place + "/stream", stream.Header("Location"));
        var events = await stream.EventsAsync().ToListAsync(Token);
        Assert.Equal(["metadata", "updates"], events.Select(item => item.Name));
        Assert.Equal(place, $"/runs/{events[0].Data.Text("run_id")}");
        Assert.Equal(events, await client.StreamAsync(HttpMethod.Get, place + "/stream", null, ("Last-Event-ID", "-1")));
        Assert.Empty(await client.StreamAsync(HttpMethod.Get, place + "/stream"));
    }

    [Theory]
    [InlineData("/runs")]
    [InlineData("/runs/wait")]
    [InlineData("/runs/stream")]
    public async Task Refusals_come_before_anything_starts(string path)
    {
        await client.PostAsync(path, new { agent_id = "nobody" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync(path, "[").RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
        var error = await client.PostAsync(path, """{"multitask_strategy":"nonsense"}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.multitask_strategy"], error.Locations());
        var unsupported = await client.PostAsync(path, """{"on_completion":"complete"}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.on_completion"], unsupported.Locations());
    }

    [Fact]
    public async Task An_unknown_run_is_404_and_what_is_no_id_422()
    {
        foreach (var path in new[] { "", "/wait", "/join", "/stream" })
        {
            await client.SendAsync(HttpMethod.Get, $"/runs/{Guid.NewGuid()}{path}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
            await client.SendAsync(HttpMethod.Get, $"/runs/x{path}").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        }

        await client.PostAsync($"/runs/{Guid.NewGuid()}/cancel").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Delete, $"/runs/{Guid.NewGuid()}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_run_without_anything_echoes_nothing()
    {
        var envelope = await client.PostAsync("/runs/wait").OkAsync();
        Assert.Equal("echo: ", envelope.GetProperty("messages")[0].Text("content"));
        Assert.Equal(JsonValueKind.Null, envelope.GetProperty("run").GetProperty("input").ValueKind);
    }
}
