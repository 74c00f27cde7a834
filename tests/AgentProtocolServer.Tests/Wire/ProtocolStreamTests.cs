using System.Text.Json;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.OpenApi;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Whole runs seen through the streaming protocol, over either transport (wire-contract 6.8, 6.11).</summary>
public abstract class ProtocolStreamTests(ApprovalFixture fixture) : IClassFixture<ApprovalFixture>
{
    private static readonly string[] AllChannels = ["values", "updates", "messages", "tools", "lifecycle", "input", "checkpoints", "tasks", "custom"];

    private readonly HttpClient client = fixture.Client;
    private readonly Guid threadId = Guid.CreateVersion7();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract ProtocolTransport Transport(HttpClient client, string path);

    private ProtocolTransport Sdk => Transport(client, "stream/events");

    [Fact]
    public async Task A_run_begins_with_its_start_and_ends_with_its_one_end()
    {
        // Wire-contract 13.42: a second end would pause the subscriptions of the next run.
        await StartAsync("echo", "hello there");
        await using var events = await OpenAsync(AllChannels);
        var run = await RunAsync(events);
        Assert.Equal("running", Lifecycle(run[0]));
        Assert.Equal(["running", "completed"], run.Select(Lifecycle).OfType<string>());
        Assert.Equal(["human: hello there", "ai: echo: hello there"], run.Last(item => item.Text("method") == "values").GetProperty("params").GetProperty("data").Conversation());
        Assert.Contains(run, item => item.Text("method") == "messages" && Data(item).Text("event") == "message-start");
        Assert.Equal(run.Select(Seq).Order().Distinct(), run.Select(Seq));
    }

    [Fact]
    public async Task The_number_of_the_answer_is_a_since_that_misses_nothing_of_the_run()
    {
        // Wire-contract 13.38.
        await RunToEndAsync("echo", "first");
        var answer = await StartAsync("echo", "second");
        var since = answer.GetProperty("meta").GetProperty("applied_through_seq").GetInt64();
        await using var events = await OpenAsync(AllChannels, since);
        await using var current = await OpenAsync(AllChannels);
        var (one, other) = (await RunAsync(events), await RunAsync(current));
        Assert.Equal("running", Lifecycle(one[0]));
        Assert.Equal(other.Select(item => item.GetRawText()), one.Select(item => item.GetRawText()));
        Assert.All(one, item => Assert.True(Seq(item) > since));
    }

    [Fact]
    public async Task A_run_that_has_ended_is_replayed_to_who_comes_late()
    {
        // Wire-contract 13.36.
        await RunToEndAsync("echo", "steps 2 now");
        await using var events = await OpenAsync(["custom", "lifecycle"]);
        var run = await RunAsync(events);
        Assert.Equal(["lifecycle", "custom", "custom", "custom", "custom", "lifecycle"], run.Select(item => item.Text("method")));
        Assert.Equal(
            ["""{"step":1,"of":2}""", """{"step":2,"of":2}"""],
            run[1..^1].Select(Data).Where(data => !data.TryGetProperty("name", out _)).Select(data => data.GetProperty("payload").GetRawText()));
    }

    [Fact]
    public async Task Progress_is_a_custom_event_of_that_name()
    {
        await RunToEndAsync("echo", "steps 2 now");
        await using var events = await OpenAsync(["custom:progress", "lifecycle"]);
        Assert.Equal(
            ["""{"name":"progress","payload":{"percent":50}}""", """{"name":"progress","payload":{"percent":100}}"""],
            (await RunAsync(events)).Where(item => item.Text("method") == "custom").Select(item => Data(item).GetRawText()));
    }

    [Fact]
    public async Task One_stream_shows_run_after_run()
    {
        await using var events = await OpenAsync(["lifecycle"]);
        foreach (var text in new[] { "hello", "fail boom", "again" })
        {
            await StartAsync("echo", text);
            Assert.Equal(text == "fail boom" ? "failed" : "completed", Lifecycle((await RunAsync(events))[^1]));
        }
    }

    [Fact]
    public async Task Numbers_go_on_where_an_earlier_connection_stopped()
    {
        await using (var first = await OpenAsync(["lifecycle", "messages"]))
        {
            await StartAsync("echo", "hello there");
            await RunAsync(first);
        }

        await using var whole = await OpenAsync(["messages"]);
        var messages = await whole.NextAsync(3, Token);
        await using var rest = await OpenAsync(["messages"], Seq(messages[0]));
        Assert.Equal(messages[1..].Select(item => item.GetRawText()), (await rest.NextAsync(2, Token)).Select(item => item.GetRawText()));
    }

    [Fact]
    public async Task A_question_is_asked_once_under_both_names_and_its_answer_goes_on()
    {
        // Wire-contract 13.43 and 12 row 32.
        await using var events = await OpenAsync(AllChannels);
        await StartAsync("approval", "act");
        var asked = await RunAsync(events);
        var request = Assert.Single(asked, item => item.Text("method") == "input.requested");
        Assert.Equal("approve", Data(request).Text("interrupt_id"));
        Assert.Equal(Data(request).GetProperty("payload").GetRawText(), Data(request).GetProperty("value").GetRawText());
        Assert.DoesNotContain(asked, item => item.GetRawText().Contains("__interrupt__", StringComparison.Ordinal));
        Assert.Equal("interrupted", Lifecycle(asked[^1]));
        Assert.Equal("no_such_interrupt", (await SendAsync("input.respond", new { @namespace = Array.Empty<string>(), interrupt_id = "other", response = 1 })).Text("error"));

        await client.WaitForThreadAsync(threadId, "interrupted");
        var answered = await SendAsync("input.respond", new { @namespace = Array.Empty<string>(), interrupt_id = "approve", response = "yes" });
        Assert.Equal("{}", answered.GetProperty("result").GetRawText());
        Assert.True(answered.GetProperty("meta").GetProperty("applied_through_seq").GetInt64() >= Seq(asked[^1]));
        var resumed = await RunAsync(events);
        Assert.Equal("completed", Lifecycle(resumed[^1]));
        Assert.Equal("ai: done yes", Data(resumed.Last(item => item.Text("method") == "values")).Conversation()[^1]);

        // Wire-contract 13.46.
        var state = await client.GetJsonAsync($"/threads/{threadId}/state");
        Assert.Equal(("[]", "[]"), (state.GetProperty("next").GetRawText(), state.GetProperty("tasks").GetRawText()));
        Assert.Equal("invalid_argument", (await SendAsync("input.respond", new { @namespace = Array.Empty<string>(), interrupt_id = "approve", response = "yes" })).Text("error"));
    }

    [Fact]
    public async Task Several_questions_are_answered_at_once()
    {
        await using var events = await OpenAsync(["lifecycle", "input"]);
        await StartAsync("approval", "two");
        Assert.Equal(2, (await RunAsync(events)).Count(item => item.Text("method") == "input.requested"));
        await client.WaitForThreadAsync(threadId, "interrupted");
        var answer = await SendAsync("input.respond", new
        {
            responses = new object[] { new { @namespace = Array.Empty<string>(), interruptId = "second", response = "b" }, new { @namespace = Array.Empty<string>(), interrupt_id = "first", response = "a" } },
        });
        Assert.Equal("success", answer.Text("type"));
        Assert.Equal("completed", Lifecycle((await RunAsync(events))[^1]));
        var values = (await SendAsync("state.get", new { @namespace = Array.Empty<string>() })).GetProperty("result").GetProperty("values");
        Assert.Equal("ai: done a, b", values.Conversation()[^1]);
    }

    [Fact]
    public async Task Starting_an_interrupted_thread_with_an_input_answers_its_question()
    {
        await using var events = await OpenAsync(["lifecycle", "values"]);
        await StartAsync("approval", "act");
        await RunAsync(events);
        await client.WaitForThreadAsync(threadId, "interrupted");
        var answer = await SendAsync("run.start", new { assistant_id = "approval", input = "sure" });
        Assert.Equal("success", answer.Text("type"));
        var resumed = await RunAsync(events);
        Assert.Equal("ai: done sure", Data(resumed.Last(item => item.Text("method") == "values")).Conversation()[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_may_start_from_an_older_checkpoint(bool asFork)
    {
        await RunToEndAsync("echo", "first");
        var checkpoints = (await SendAsync("state.listCheckpoints", null)).GetProperty("result").GetProperty("checkpoints");
        await RunToEndAsync("echo", "second");
        var from = checkpoints[0].Text("id");
        var answer = asFork
            ? await SendAsync("state.fork", new { checkpointId = from, input = Protocol.Say("third") })
            : await SendAsync("run.start", new { assistant_id = "echo", input = Protocol.Say("third"), config = new { configurable = new { checkpoint_id = from } } });
        Assert.True(answer.Text("type") == "success", answer.GetRawText());
        Assert.Equal(asFork ? ["run_id", "thread_id"] : ["run_id"], answer.GetProperty("result").Members());
        await client.WaitForStatusAsync($"{threadId}", answer.GetProperty("result").Text("run_id"), "success");
        var values = (await client.GetJsonAsync($"/threads/{threadId}/state")).GetProperty("values");
        Assert.Equal(["human: first", "ai: echo: first", "human: third", "ai: echo: third"], values.Conversation());
    }

    [Fact]
    public async Task A_checkpoint_that_does_not_exist_is_named_as_that()
    {
        await RunToEndAsync("echo", "first");
        var config = new { configurable = new { checkpoint_id = Guid.CreateVersion7() } };
        Assert.Equal("no_such_checkpoint", (await SendAsync("run.start", new { assistant_id = "echo", input = Protocol.Say("x"), config })).Text("error"));
    }

    [Fact]
    public async Task A_cancelled_run_ends_as_interrupted_and_asks_nothing()
    {
        // Wire-contract 12 row 10.
        await using var events = await OpenAsync(["lifecycle", "input"]);
        var runId = (await StartAsync("echo", "sleep 60")).GetProperty("result").Text("run_id");
        await events.NextAsync(Token);
        await client.PostAsync($"/threads/{threadId}/runs/{runId}/cancel").EmptyAsync(System.Net.HttpStatusCode.Accepted);
        Assert.Equal("interrupted", Lifecycle(await events.NextAsync(Token)));
    }

    [Fact]
    public async Task Events_and_answers_are_valid_by_the_schemas_of_the_agent_protocol()
    {
        var transport = Transport(client, "stream");
        await SchemaTests.AssertValidAsync("StreamingCommandResponse", await transport.SendAsync(threadId, "run.start", new { assistant_id = "echo", input = Protocol.Say("hello") }, Token));
        await SchemaTests.AssertValidAsync("StreamingCommandResponse", await transport.SendAsync(threadId, "run.dance", null, Token));
        await using var events = await transport.OpenAsync(threadId, new { channels = AllChannels }, Token);
        foreach (var item in await RunAsync(events))
        {
            await SchemaTests.AssertValidAsync("StreamingEvent", item);
            Assert.Equal(item.Text("event_id"), item.Text("eventId"));
        }
    }

    private Task<ProtocolEvents> OpenAsync(string[] channels, long? since = null) =>
        Sdk.OpenAsync(threadId, since is null ? new { channels } : new { channels, since }, Token);

    private Task<JsonElement> SendAsync(string method, object? parameters) => Sdk.SendAsync(threadId, method, parameters, Token);

    private async Task<JsonElement> StartAsync(string agent, string text)
    {
        var answer = await SendAsync("run.start", new { assistant_id = agent, input = Protocol.Say(text) });
        Assert.True(answer.Text("type") == "success", answer.GetRawText());
        return answer;
    }

    private async Task RunToEndAsync(string agent, string text) =>
        await client.WaitForStatusAsync($"{threadId}", (await StartAsync(agent, text)).GetProperty("result").Text("run_id"), "success");

    /// <summary>The events up to the next end of a run.</summary>
    private static async Task<List<JsonElement>> RunAsync(ProtocolEvents events)
    {
        List<JsonElement> run = [];
        do
        {
            run.Add(await events.NextAsync(Token));
        }
        while (Lifecycle(run[^1]) is null or "running");
        return run;
    }

    private static string? Lifecycle(JsonElement item) =>
        item.Text("method") == "lifecycle" && item.GetProperty("params").GetProperty("namespace").GetArrayLength() == 0 ? Data(item).Text("event") : null;

    private static JsonElement Data(JsonElement item) => item.GetProperty("params").GetProperty("data");

    private static long Seq(JsonElement item) => item.GetProperty("seq").GetInt64();
}

public sealed class SseProtocolStreamTests(ApprovalFixture fixture) : ProtocolStreamTests(fixture)
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_plain_GET_joins_the_thread_across_its_runs_and_edits()
    {
        // Wire-contract 6.5 and 12 row 18.
        await client.SendAsync(HttpMethod.Get, $"/threads/{Guid.NewGuid()}/stream").RefusedAsync(System.Net.HttpStatusCode.NotFound, "not_found");
        var thread = await client.NewThreadAsync();
        using var joined = await client.OpenAsync(HttpMethod.Get, $"/threads/{thread}/stream?stream_modes=run_modes,state_update", null, ("Last-Event-ID", "-"));
        Assert.Equal($"/threads/{thread}/stream", joined.Header("Location"));
        await client.AnswerAsync(thread, "hello");
        await client.PostAsync($"/threads/{thread}/state", new { values = new { edited = true } }).OkAsync();
        await client.AnswerAsync(thread, "again");
        var events = await joined.EventsAsync().Take(11).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            ["metadata run_started", "metadata", "values", "values", "metadata run_done", "values", "metadata run_started", "metadata", "values", "values", "metadata run_done"],
            events.Select(item => item.Data.TryGetProperty("status", out var status) ? $"{item.Name} {status}" : item.Name));
        Assert.True(events[5].Data.GetProperty("edited").GetBoolean());
        using var rest = await client.OpenAsync(HttpMethod.Get, $"/threads/{thread}/stream", null, ("Last-Event-ID", $"{events[5].Id}"));
        Assert.Equal(events[6..], await rest.EventsAsync().Take(5).ToListAsync(TestContext.Current.CancellationToken));
    }

    protected override ProtocolTransport Transport(HttpClient client, string path) => new SseTransport(client, path);
}

public sealed class SocketProtocolStreamTests(ApprovalFixture fixture) : ProtocolStreamTests(fixture)
{
    protected override ProtocolTransport Transport(HttpClient client, string path) => new SocketTransport(client, path);
}
