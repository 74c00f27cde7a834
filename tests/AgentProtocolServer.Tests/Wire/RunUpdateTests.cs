using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Steering as callers see it: messages for a run in flight, with an acknowledgement.</summary>
public sealed class RunUpdateTests(SteerableFixture fixture) : IClassFixture<SteerableFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HttpClient Client => fixture.Client;

    [Fact]
    [Proves("POST /threads/{thread_id}/runs/{run_id}/updates")]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/updates")]
    public async Task A_run_goes_on_with_what_it_is_told_and_says_what_became_of_it()
    {
        var (thread, run) = await StartAsync("wait");
        var path = $"/threads/{thread}/runs/{run}";
        Assert.DoesNotContain("updates", (await Client.GetJsonAsync(path)).Members());

        var accepted = await Client.PostAsync($"{path}/updates", new { messages = Say("two"), input = Protocol.Say("one") }).OkAsync();
        Assert.Equal(["update_id", "run_id", "thread_id", "status", "created_at", "delivered_at"], accepted.Members());
        Assert.Equal((run, thread, "accepted", JsonValueKind.Null), (accepted.Text("run_id"), accepted.Text("thread_id"), accepted.Text("status"), accepted.GetProperty("delivered_at").ValueKind));

        var values = await Client.GetJsonAsync($"{path}/join");
        Assert.Equal(["human: wait", "human: one", "human: two", "ai: done: wait", "ai: done: one", "ai: done: two"], values.Conversation());

        var listed = Assert.Single((await Client.GetJsonAsync($"{path}/updates")).EnumerateArray());
        Assert.Equal((accepted.Text("update_id"), "delivered"), (listed.Text("update_id"), listed.Text("status")));
        var shown = Assert.Single((await Client.GetJsonAsync(path)).GetProperty("updates").EnumerateArray());
        Assert.Equal(["update_id", "status", "created_at", "delivered_at"], shown.Members());
        Assert.Equal(listed.Text("delivered_at"), shown.Text("delivered_at"));
        Assert.Equal(shown.GetRawText(), (await Client.GetJsonAsync($"/threads/{thread}/runs"))[0].GetProperty("updates")[0].GetRawText());
    }

    [Fact]
    [Proves("POST /runs/{run_id}/updates")]
    [Proves("GET /runs/{run_id}/updates")]
    public async Task A_run_is_told_without_its_thread_as_well()
    {
        var run = (await Client.PostAsync("/runs", new { agent_id = "steerable", messages = Say("wait") }).OkAsync()).Text("run_id");

        var first = await Client.PostAsync($"/runs/{run}/updates", new { messages = Say("two") }).OkAsync();
        var envelope = await Client.GetJsonAsync($"/runs/{run}/wait");

        Assert.Equal("success", envelope.GetProperty("run").Text("status"));
        Assert.Equal([first.Text("update_id")], (await Client.GetJsonAsync($"/runs/{run}/updates")).EnumerateArray().Select(update => update.Text("update_id")));
    }

    [Fact]
    public async Task Members_that_only_other_requests_have_mean_nothing()
    {
        var (thread, run) = await StartAsync("wait");

        await Client.PostAsync(
            $"/threads/{thread}/runs/{run}/updates", new { messages = Say("two"), command = new { update = new[] { 1 } }, webhook = 7, multitask_strategy = "rollback" }).OkAsync();
        var values = await Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");

        Assert.Equal(["human: wait", "human: two", "ai: done: wait", "ai: done: two"], values.Conversation());
        Assert.Equal(["messages"], values.Members());
        Assert.Equal("idle", (await Client.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }

    [Fact]
    public async Task A_run_that_waits_takes_nothing_and_disturbs_nobody_whatever_its_agent()
    {
        var thread = await Client.NewThreadAsync();
        var running = await Client.StartAsync(thread, "sleep 60");
        var waiting = await Client.StartAsync(thread, "later");

        await Client.PostAsync($"/threads/{thread}/runs/{waiting}/updates", new { messages = Say("two") }).RefusedAsync(HttpStatusCode.Conflict, "conflict");

        await Client.WaitForStatusAsync(thread, running, "running");
        Assert.Equal("pending", (await Client.GetJsonAsync($"/threads/{thread}/runs/{waiting}")).Text("status"));
        await Client.PostAsync($"/threads/{thread}/runs/{running}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Its_stream_shows_the_state_with_the_message_in_it()
    {
        var (thread, run) = await StartAsync("wait");
        await Client.PostAsync($"/threads/{thread}/runs/{run}/updates", new { messages = Say("two") }).OkAsync();

        var log = await Client.ReplayAsync(thread, run);

        var states = log.Where(item => item.Name == "values").Select(item => string.Join(", ", item.Data.Conversation())).ToList();
        Assert.Contains("human: wait, human: two", states);
        Assert.True(states.IndexOf("human: wait, human: two") < states.IndexOf("human: wait, human: two, ai: done: wait"));
        Assert.Equal(Enumerable.Range(0, log.Count).Select(number => (long?)number), log.Select(item => item.Id));
        var sources = (await Client.GetJsonAsync($"/threads/{thread}/history")).EnumerateArray().Select(state => state.GetProperty("metadata").Text("source"));
        Assert.Equal(["loop", "loop", "update", "loop", "input"], sources);
    }

    [Fact]
    public async Task An_ended_run_answers_409_and_unknown_ones_404()
    {
        var (thread, run) = await StartAsync("one");
        await Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");
        var body = new { messages = Say("two") };

        await Client.PostAsync($"/threads/{thread}/runs/{run}/updates", body).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        await Client.PostAsync($"/threads/{thread}/runs/{Guid.NewGuid()}/updates", body).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await Client.PostAsync($"/threads/{Guid.NewGuid()}/runs/{run}/updates", body).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await Client.SendAsync(HttpMethod.Get, $"/runs/{Guid.NewGuid()}/updates").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Empty((await Client.GetJsonAsync($"/runs/{run}/updates")).EnumerateArray());
    }

    [Theory]
    [InlineData("{}", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":"two"}""", "messages")]
    [InlineData("""{"input":"two"}""", "input")]
    [InlineData("""{"input":{"topic":"two"}}""", "messages")]
    [InlineData("""{"messages":[{"role":"nobody","content":"two"}]}""", "messages")]
    public async Task A_body_without_messages_that_can_be_merged_is_422_and_names_the_field(string body, string field)
    {
        var (thread, run) = await StartAsync("wait");

        var refusal = await Client.PostAsync($"/threads/{thread}/runs/{run}/updates", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");

        Assert.StartsWith($"body.{field}", Assert.Single(refusal.Locations()), StringComparison.Ordinal);
        await Client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_repetition_with_its_key_tells_nothing_twice()
    {
        var (thread, run) = await StartAsync("wait");
        var path = $"/threads/{thread}/runs/{run}/updates";
        Task<JsonElement> SendAsync() => Client.SendAsync(HttpMethod.Post, path, new { messages = Say("two") }, ("Idempotency-Key", $"update-{run}")).OkAsync();

        var first = await SendAsync();
        await Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");
        var again = await SendAsync();

        Assert.Equal((first.Text("update_id"), "delivered"), (again.Text("update_id"), again.Text("status")));
        Assert.Single((await Client.GetJsonAsync(path)).EnumerateArray());
    }

    [Fact]
    public async Task For_an_agent_that_takes_nothing_the_answer_names_the_run_that_brings_the_message()
    {
        var thread = await Client.NewThreadAsync();
        var older = await Client.StartAsync(thread, "sleep 600");
        await Client.WaitForStatusAsync(thread, older, "running");
        Task<JsonElement> SendAsync() =>
            Client.SendAsync(HttpMethod.Post, $"/runs/{older}/updates", new { messages = Say("two") }, ("Idempotency-Key", $"update-{older}")).OkAsync();

        var update = await SendAsync();
        var values = await Client.GetJsonAsync($"/threads/{thread}/runs/{update.Text("run_id")}/join");

        Assert.NotEqual(older, update.Text("run_id"));
        Assert.Equal("accepted", update.Text("status"));
        Assert.Equal(["human: sleep 600", "human: two", "ai: echo: two"], values.Conversation());
        Assert.Equal("interrupted", (await Client.GetJsonAsync($"/runs/{older}")).Text("status"));
        Assert.Equal(update.Text("run_id"), (await SendAsync()).Text("run_id"));
    }

    [Fact]
    public async Task The_strategy_steer_answers_with_the_run_in_flight()
    {
        var (thread, run) = await StartAsync("wait");

        using var answer = await Client.PostAsync($"/threads/{thread}/runs", Steer("two"));

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal($"/threads/{thread}/runs/{run}", answer.Header("Content-Location"));
        Assert.Equal(run, JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Token)).RootElement.Text("run_id"));
        Assert.Equal(["human: wait", "human: two", "ai: done: wait", "ai: done: two"], (await Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join")).Conversation());
        Assert.Single((await Client.GetJsonAsync($"/threads/{thread}/runs")).EnumerateArray());
    }

    [Fact]
    public async Task With_the_strategy_steer_wait_and_stream_read_the_run_in_flight()
    {
        var (thread, run) = await StartAsync("wait");
        using var stream = await Client.OpenAsync(HttpMethod.Post, $"/threads/{thread}/runs/stream", Steer("two"));
        var (other, second) = await StartAsync("wait");

        var values = await Client.PostAsync($"/threads/{other}/runs/wait", Steer("two")).OkAsync();
        var events = await stream.EventsAsync().ToListAsync(Token);

        Assert.Equal($"/threads/{thread}/runs/{run}", stream.Header("Content-Location"));
        Assert.Equal(["human: wait", "human: two", "ai: done: wait", "ai: done: two"], events[^1].Data.Conversation());
        Assert.Equal(["human: wait", "human: two", "ai: done: wait", "ai: done: two"], values.Conversation());
        Assert.Equal(second, Assert.Single((await Client.GetJsonAsync($"/threads/{other}/runs")).EnumerateArray()).Text("run_id"));
    }

    [Fact]
    public async Task A_repetition_of_steer_with_its_key_answers_with_the_same_run()
    {
        var (thread, run) = await StartAsync("wait");
        Task<JsonElement> SendAsync() => Client.SendAsync(HttpMethod.Post, $"/threads/{thread}/runs", Steer("two"), ("Idempotency-Key", $"steer-{run}")).OkAsync();

        var first = await SendAsync();
        await Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join");
        var again = await SendAsync();

        Assert.Equal((run, run), (first.Text("run_id"), again.Text("run_id")));
        Assert.Single((await Client.GetJsonAsync($"/runs/{run}/updates")).EnumerateArray());
        Assert.Single((await Client.GetJsonAsync($"/threads/{thread}/runs")).EnumerateArray());
    }

    [Fact]
    public async Task The_strategy_steer_on_a_free_thread_and_for_another_agent_is_a_run_of_its_own()
    {
        var (thread, run) = await StartAsync("wait");

        var values = await Client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("two"), multitask_strategy = "steer" }).OkAsync();
        var next = await Client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("three"), multitask_strategy = "steer" }).OkAsync();

        Assert.Equal(["human: wait", "human: two", "ai: echo: two"], values.Conversation());
        Assert.Equal("ai: echo: three", next.Conversation()[^1]);
        Assert.Equal("interrupted", (await Client.GetJsonAsync($"/runs/{run}")).Text("status"));
        Assert.Equal("steer", (await Client.GetJsonAsync($"/threads/{thread}/runs"))[0].Text("multitask_strategy"));
    }

    [Fact]
    public async Task The_command_run_start_steers()
    {
        var (thread, run) = await StartAsync("wait");

        var answer = await Client.PostAsync($"/threads/{thread}/commands", new
        {
            id = 1,
            method = "run.start",
            @params = new { assistant_id = "steerable", input = Protocol.Say("two"), multitask_strategy = "steer" },
        }).OkAsync();

        Assert.Equal(run, answer.GetProperty("result").Text("run_id"));
        Assert.Equal("ai: done: two", (await Client.GetJsonAsync($"/threads/{thread}/runs/{run}/join")).Conversation()[^1]);
    }

    private static object Steer(string text) => new { assistant_id = "steerable", input = Protocol.Say(text), multitask_strategy = "steer" };

    private static object[] Say(string text) => [new { role = "user", content = text }];

    /// <summary>A run of the agent on a thread of its own.</summary>
    private async Task<(string Thread, string Run)> StartAsync(string text)
    {
        var thread = await Client.NewThreadAsync();
        return (thread, (await Client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "steerable", input = Protocol.Say(text) }).OkAsync()).Text("run_id"));
    }
}
