using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Many runs in one request (wire-contract 4.3).</summary>
public sealed class RunBatchTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_batch_answers_its_runs_in_order_and_runs_of_a_thread_start_in_order()
    {
        var thread = await client.NewThreadAsync();
        var runs = await client.PostAsync("/runs/batch", new object[]
        {
            new { assistant_id = "echo", assistantId = "other", multitaskStrategy = "reject", thread_id = thread, input = Protocol.Say("one") },
            new { assistant_id = "echo", input = Protocol.Say("alone"), metadata = new { place = 1 } },
            new { assistant_id = "echo", thread_id = thread, input = Protocol.Say("two") },
            new { },
        }).OkAsync();

        Assert.Equal(4, runs.GetArrayLength());
        Assert.All(runs.EnumerateArray(), run => Assert.Equal("pending", run.Text("status")));
        Assert.Equal((thread, thread), (runs[0].Text("thread_id"), runs[2].Text("thread_id")));
        Assert.Equal("""{"place":1}""", JsonSerializer.Serialize(runs[1].GetProperty("metadata")));
        await client.GetJsonAsync($"/runs/{runs[0].Text("run_id")}/join");
        Assert.Equal(
            ["human: one", "ai: echo: one", "human: two", "ai: echo: two"],
            (await client.GetJsonAsync($"/runs/{runs[2].Text("run_id")}/join")).Conversation());
        Assert.Equal(["human: alone", "ai: echo: alone"], (await client.GetJsonAsync($"/runs/{runs[1].Text("run_id")}/join")).Conversation());
        await client.SendAsync(HttpMethod.Get, $"/threads/{runs[1].Text("thread_id")}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Theory]
    [InlineData("""{"assistant_id":"nobody"}""", HttpStatusCode.NotFound, "not_found")]
    [InlineData("""{"assistant_id":"echo","stream_mode":"everything"}""", HttpStatusCode.UnprocessableEntity, "validation_error")]
    [InlineData("""{"assistant_id":"echo","input":{"messages":[{"role":"ghost","content":"x"}]}}""", HttpStatusCode.UnprocessableEntity, "validation_error")]
    [InlineData("""{"assistant_id":"echo","thread_id":"0199aaaa-0000-7000-8000-000000000000"}""", HttpStatusCode.NotFound, "not_found")]
    [InlineData("""{"assistant_id":"echo","command":{"resume":1}}""", HttpStatusCode.BadRequest, "bad_request")]
    [InlineData("7", HttpStatusCode.UnprocessableEntity, "validation_error")]
    public async Task One_that_is_refused_names_its_place_and_nothing_is_stored(string bad, HttpStatusCode status, string code)
    {
        var thread = await client.NewThreadAsync();
        var good = $$"""{"assistant_id":"echo","thread_id":"{{thread}}"}""";

        var error = await client.PostAsync("/runs/batch", $"[{good},{bad}]").RefusedAsync(status, code);

        Assert.StartsWith("1: ", error.Text("message"));
        if (status == HttpStatusCode.UnprocessableEntity)
        {
            Assert.All(error.Locations(), place => Assert.StartsWith("body.1", place));
        }

        Assert.Equal("[]", (await client.GetJsonAsync($"/threads/{thread}/runs")).GetRawText());
    }

    [Fact]
    public async Task Reject_looks_at_the_thread_and_at_the_batch()
    {
        var thread = await client.NewThreadAsync();
        var run = new { assistant_id = "echo", thread_id = thread, multitask_strategy = "reject", after_seconds = 600 };

        await client.PostAsync("/runs/batch", new[] { run, run }).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        Assert.Equal(1, (await client.PostAsync("/runs/batch", new[] { run }).OkAsync()).GetArrayLength());
        await client.PostAsync("/runs/batch", new[] { run }).RefusedAsync(HttpStatusCode.Conflict, "conflict");

        Assert.Equal(1, (await client.GetJsonAsync($"/threads/{thread}/runs")).GetArrayLength());
    }

    [Fact]
    public async Task A_batch_may_create_the_thread_it_runs_on()
    {
        var thread = Guid.NewGuid();
        var run = new { assistant_id = "echo", thread_id = thread, if_not_exists = "create", input = Protocol.Say("hi"), metadata = new { mark = "m" } };
        var runs = await client.PostAsync("/runs/batch", new[] { run, run }).OkAsync();
        await client.GetJsonAsync($"/runs/{runs[1].Text("run_id")}/join");

        var metadata = (await client.GetJsonAsync($"/threads/{thread}")).GetProperty("metadata");
        Assert.Equal(("m", "echo", Protocol.EchoAssistant), (metadata.Text("mark"), metadata.Text("graph_id"), metadata.Text("assistant_id")));
    }

    [Fact]
    public async Task A_batch_with_an_idempotency_key_may_be_repeated()
    {
        var run = new { assistant_id = "echo", thread_id = await client.NewThreadAsync(), multitask_strategy = "reject", after_seconds = 600 };
        var key = ("Idempotency-Key", Guid.NewGuid().ToString());
        var first = await client.SendAsync(HttpMethod.Post, "/runs/batch", new object[] { run, new { assistant_id = "echo" } }, key).OkAsync();
        var again = await client.SendAsync(HttpMethod.Post, "/runs/batch", new object[] { run, new { assistant_id = "echo" } }, key).OkAsync();
        Assert.Equal(first.EnumerateArray().Select(each => each.Text("run_id")), again.EnumerateArray().Select(each => each.Text("run_id")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    public async Task A_batch_is_a_list_that_is_neither_empty_nor_endless(string body)
    {
        await client.PostAsync("/runs/batch", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        await client.PostAsync("/runs/batch", $"[{string.Join(',', Enumerable.Repeat("{}", 1001))}]").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        await client.PostAsync("/runs/batch", "[{}").RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
        await client.PostAsync("/runs/batch", """[{"a":1,"a":2}]""").RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
    }

    [Fact]
    public async Task Named_runs_are_cancelled_and_those_that_are_unknown_are_passed_over()
    {
        var thread = await client.NewThreadAsync();
        var running = await client.StartAsync(thread, "sleep 600");
        var waiting = await client.StartAsync(thread, "later");
        await client.WaitForStatusAsync(thread, running, "running");

        await client.PostAsync("/runs/cancel", new { thread_id = thread, run_ids = new[] { waiting, Guid.NewGuid().ToString(), running } }).EmptyAsync(HttpStatusCode.NoContent);

        await client.GetJsonAsync($"/runs/{running}/join");
        Assert.Equal(["interrupted", "interrupted"], (await client.GetJsonAsync($"/threads/{thread}/runs")).EnumerateArray().Select(run => run.Text("status")));
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));

        // They have ended, which is a success; on another thread they do not match.
        await client.PostAsync("/runs/cancel?action=cancel", new { thread_id = thread, run_ids = new[] { running } }).EmptyAsync(HttpStatusCode.NoContent);
        await client.PostAsync("/runs/cancel", new { thread_id = Guid.NewGuid(), run_ids = new[] { running } }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Named_runs_may_be_rolled_back()
    {
        var thread = await client.NewThreadAsync();
        var run = await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo", after_seconds = 600 }).OkAsync();

        await client.PostAsync("/runs/cancel?action=rollback", new { thread_id = thread, run_ids = new[] { run.Text("run_id") } }).EmptyAsync(HttpStatusCode.NoContent);

        await client.SendAsync(HttpMethod.Get, $"/runs/{run.Text("run_id")}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Theory]
    [InlineData("{}", "body.thread_id")]
    [InlineData("""{"thread_id":"0199aaaa-0000-7000-8000-000000000000"}""", "body.run_ids")]
    [InlineData("""{"thread_id":"0199aaaa-0000-7000-8000-000000000000","run_ids":[]}""", "body.run_ids")]
    [InlineData("""{"run_ids":["0199aaaa-0000-7000-8000-000000000000"]}""", "body.thread_id")]
    [InlineData("""{"status":"all","run_ids":["0199aaaa-0000-7000-8000-000000000000"]}""", "body.status")]
    [InlineData("""{"status":"success"}""", "body.status")]
    [InlineData("""{"thread_id":"x"}""", "body.thread_id")]
    public async Task What_to_cancel_must_be_said_in_one_way(string body, string place)
    {
        var error = await client.PostAsync("/runs/cancel", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([place], error.Locations());
    }

    [Fact]
    public async Task The_action_is_checked() =>
        await client.PostAsync("/runs/cancel?action=stop", new { status = "all" }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
}

/// <summary>Cancelling by status concerns all runs of a caller, so these tests have a server each.</summary>
public sealed class RunCancelByStatusTests
{
    [Fact]
    public async Task A_status_means_all_runs_in_it_and_no_others()
    {
        await using var server = await TestServer.StartAsync();
        var client = server.Client;
        var (busy, delayed) = (await client.NewThreadAsync(), await client.NewThreadAsync());
        var running = await client.StartAsync(busy, "sleep 600");
        var waiting = await client.StartAsync(busy, "later");
        var many = await client.PostAsync("/runs/batch", Enumerable.Repeat(new { assistant_id = "echo", after_seconds = 600 }, 120).ToArray()).OkAsync();
        await client.WaitForStatusAsync(busy, running, "running");

        await client.PostAsync("/runs/cancel", new { status = "pending" }).EmptyAsync(HttpStatusCode.NoContent);

        Assert.Equal("running", (await client.GetJsonAsync($"/threads/{busy}/runs/{running}")).Text("status"));
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{busy}/runs/{waiting}")).Text("status"));
        foreach (var run in many.EnumerateArray())
        {
            Assert.Equal("interrupted", (await client.GetJsonAsync($"/runs/{run.Text("run_id")}")).Text("status"));
        }

        await client.PostAsync("/runs/cancel", new { status = "pending" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync("/runs/cancel", new { status = "running" }).EmptyAsync(HttpStatusCode.NoContent);
        await client.GetJsonAsync($"/runs/{running}/join");
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/runs/{running}")).Text("status"));
        await client.PostAsync("/runs/cancel", new { status = "all" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{delayed}")).Text("status"));
        Assert.Empty(server.Errors);
    }
}
