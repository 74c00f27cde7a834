using System.Net;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>What becomes of the thread when its run has ended: <c>on_completion</c> (wire-contract 4.4, 5.7).</summary>
public sealed class ThreadDisposalTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_stateless_run_that_keeps_its_thread_leaves_an_ordinary_one()
    {
        using var response = await client.PostAsync(
            "/runs", new { assistant_id = "echo", input = Protocol.Say("hi"), on_completion = "keep", metadata = new { mark = "kept" } });
        var run = await Task.FromResult(response).OkAsync();
        var (thread, id) = (run.Text("thread_id"), run.Text("run_id"));
        Assert.Equal($"/threads/{thread}/runs/{id}", response.Header("Content-Location"));
        await client.GetJsonAsync($"/runs/{id}/join");

        Assert.Equal(["human: hi", "ai: echo: hi", "human: again", "ai: echo: again"], (await client.AnswerAsync(thread, "again")).Conversation());
        var found = await client.PostAsync("/threads/search", new { metadata = new { mark = "kept" } }).OkAsync();
        Assert.Equal([thread], found.EnumerateArray().Select(each => each.Text("thread_id")));
    }

    [Theory]
    [InlineData("\"delete\"")]
    [InlineData("null")]
    public async Task A_stateless_run_deletes_its_thread_by_default(string wish)
    {
        var run = await client.PostAsync("/runs", $$"""{"assistant_id":"echo","on_completion":{{wish}}}""").OkAsync();
        await client.GetJsonAsync($"/runs/{run.Text("run_id")}/join");
        await client.SendAsync(HttpMethod.Get, $"/threads/{run.Text("thread_id")}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Theory]
    [InlineData("\"complete\"")]
    [InlineData("7")]
    public async Task A_stateless_run_with_another_wish_is_refused(string wish)
    {
        var error = await client.PostAsync("/runs", $$"""{"assistant_id":"echo","on_completion":{{wish}}}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.StartsWith("on_completion: ", error.Text("message"));
    }

    [Theory]
    [InlineData("\"complete\"")]
    [InlineData("\"keep\"")]
    [InlineData("7")]
    public async Task On_a_thread_other_wishes_change_nothing(string wish)
    {
        var thread = await client.NewThreadAsync();
        await client.PostAsync($"/threads/{thread}/runs/wait", $$"""{"assistant_id":"echo","on_completion":{{wish}}}""").OkAsync();
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }

    [Theory]
    [InlineData("hello", "success")]
    [InlineData("fail boom", "error")]
    public async Task A_run_that_deletes_its_thread_can_still_be_read(string text, string status)
    {
        var thread = await client.NewThreadAsync();
        var run = await StartAsync(thread, text);

        var envelope = await client.GetJsonAsync($"/runs/{run}/wait");

        Assert.Equal(status, envelope.GetProperty("run").Text("status"));
        Assert.Equal(text, envelope.GetProperty("messages")[0].Text("content"));
        await AssertGoneAsync(thread);
        Assert.Equal(status, (await client.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"));
        Assert.Equal("metadata", (await client.ReplayAsync(thread, run))[0].Name);
    }

    [Theory]
    [InlineData("sleep 600", 0)]
    [InlineData("hello", 600)]
    public async Task A_cancelled_run_deletes_its_thread_too(string text, int delay)
    {
        var thread = await client.NewThreadAsync();
        var run = await StartAsync(thread, text, delay);
        await client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        await AssertGoneAsync(thread);
    }

    [Fact]
    public async Task A_rolled_back_run_has_no_wishes()
    {
        var thread = await client.NewThreadAsync();
        var run = await StartAsync(thread, "sleep 600");
        await client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1&action=rollback").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }

    [Fact]
    public async Task Runs_that_wait_on_the_thread_are_executed_before_it_goes()
    {
        var thread = await client.NewThreadAsync();
        var blocker = await client.StartAsync(thread, "sleep 600");
        var first = await StartAsync(thread, "one");
        var second = await client.StartAsync(thread, "two");
        await client.PostAsync($"/threads/{thread}/runs/{blocker}/cancel").EmptyAsync(HttpStatusCode.Accepted);

        Assert.Equal("human: two", (await client.GetJsonAsync($"/runs/{second}/join")).Conversation()[^2]);

        Assert.Equal("success", (await client.GetJsonAsync($"/runs/{first}")).Text("status"));
        await AssertGoneAsync(thread);
    }

    [Fact]
    public async Task A_newer_run_that_supersedes_it_runs_before_the_thread_goes()
    {
        var thread = await client.NewThreadAsync();
        await StartAsync(thread, "later", delay: 600);
        var newer = await client.PostAsync(
            $"/threads/{thread}/runs", new { assistant_id = "echo", input = Protocol.Say("now"), multitask_strategy = "interrupt" }).OkAsync();

        Assert.Equal(["human: later", "human: now", "ai: echo: now"], (await client.GetJsonAsync($"/runs/{newer.Text("run_id")}/join")).Conversation());
        await AssertGoneAsync(thread);
    }

    [Fact]
    public async Task The_id_of_a_deleted_thread_is_free()
    {
        var (thread, other) = (await client.NewThreadAsync(), await client.NewThreadAsync());
        foreach (var id in new[] { thread, other })
        {
            await client.GetJsonAsync($"/runs/{await StartAsync(id, "old")}/join");
        }

        var values = await client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("new"), if_not_exists = "create" }).OkAsync();
        Assert.Equal(["human: new", "ai: echo: new"], values.Conversation());
        Assert.Equal("{}", (await client.PostAsync("/threads", new { thread_id = other }).OkAsync()).GetProperty("values").GetRawText());
    }

    private async Task<string> StartAsync(string thread, string text, int delay = 0) => (await client.PostAsync(
        $"/threads/{thread}/runs", new { assistant_id = "echo", input = Protocol.Say(text), on_completion = "delete", after_seconds = delay }).OkAsync()).Text("run_id");

    private async Task AssertGoneAsync(string thread)
    {
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Get, $"/threads/{thread}/state").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("[]", (await client.PostAsync("/threads/search", new { ids = new[] { thread } }).OkAsync()).GetRawText());
        await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }
}
