using System.Net;
using System.Text.Json;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary>
/// <c>client.threads.stream</c> and <c>join_stream</c> of <c>langgraph_sdk</c> (wire-contract 6.5 to 6.11): commands always over HTTP,
/// a stream of its own for each filter, and the number of the last event as <c>since</c>.
/// </summary>
public sealed class ThreadStreamsTests(ApprovalFixture fixture) : IClassFixture<ApprovalFixture>
{
    private const string Watch = """{"channels":["lifecycle","input"]""";

    private readonly PythonSdk sdk = new(fixture.Client);

    // `uuid.uuid4()` of the client: the thread begins with its first run (wire-contract 13.41).
    private readonly Guid id = Guid.NewGuid();

    private int commands;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Proves("POST /threads/{thread_id}/commands", Client.PythonSdk)]
    public async Task Commands_are_numbered_and_leave_out_what_was_not_given()
    {
        var first = await SendAsync("run.start", """{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"hello"}]},"config":{"tags":["t"]},"metadata":{"a":1}}""");
        await fixture.Client.WaitForStatusAsync($"{id}", first.GetProperty("result").Text("run_id"), "success");
        // `thread.output` of a thread that has ended asks for its state alone (wire-contract 13.46).
        var state = await sdk.GetAsync($"/threads/{id}/state");
        Assert.Equal(["human: hello", "ai: echo: hello"], state.GetProperty("values").Conversation());
        Assert.Equal(("[]", "[]"), (state.GetProperty("next").GetRawText(), state.GetProperty("tasks").GetRawText()));

        var second = await SendAsync("run.start", """{"assistant_id":"echo"}""");
        Assert.NotEqual(first.GetProperty("result").Text("run_id"), second.GetProperty("result").Text("run_id"));
        Assert.True(Applied(second) > Applied(first));

        // `raise_for_status` comes before the body, so a refusal has to be a 200 (wire-contract 13.40).
        var refused = await PostAsync("run.start", """{"assistant_id":"nobody"}""");
        Assert.Equal(("error", "invalid_argument"), (refused.Text("type"), refused.Text("error")));
        Assert.NotEqual("", refused.Text("message"));
    }

    [Fact]
    [Proves("POST /threads/{thread_id}/stream/events", Client.PythonSdk)]
    public async Task An_event_stream_begins_behind_the_number_of_the_start_and_is_opened_again_behind_its_last_event()
    {
        var since = Applied(await StartAsync("echo", "hello there"));
        await using var watching = await OpenAsync(Watch + "}");
        Assert.Equal(["running", "completed"], (await watching.NextAsync(2, Token)).Select(Phase));

        // Wire-contract 13.38: the answer's number is the first `since`, and nothing of the run is missing behind it.
        await using var stream = await OpenAsync($$$"""{"channels":["values","lifecycle"],"since":{{{since}}}}""");
        var events = await stream.NextAsync(4, Token);
        Assert.Equal("lifecycle values values lifecycle", string.Join(' ', events.Select(item => item.Text("method"))));
        Assert.All(events, item => Assert.True(Seq(item) > since));
        Assert.Equal(events.Count, events.Select(item => item.Text("event_id")).Distinct().Count());

        // Another reader widens the filter: a new stream behind what was seen, whose events the ids tell apart.
        await using var wider = await OpenAsync($$$"""{"channels":["lifecycle","messages","values"],"since":{{{Seq(events[1])}}}}""");
        var rest = await ReadAsync(wider, events[^1].Text("event_id"));
        Assert.Contains(rest, item => item.Text("method") == "messages");
        Assert.Equal(Texts(events[2..]), Texts(rest.Where(item => item.Text("method") != "messages")));

        // The watcher stays open for the next run.
        await StartAsync("echo", "fail boom");
        var next = await watching.NextAsync(2, Token);
        Assert.Equal(["running", "failed"], next.Select(Phase));
        Assert.Contains("boom", Data(next[1]).Text("error"), StringComparison.Ordinal);
        await sdk.RefusedAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Post, $"/threads/{id}/stream/events", """{"channels":[]}""");
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/stream/events", Client.PythonSdk)]
    public async Task Each_stream_has_a_WebSocket_and_its_one_subscription_is_command_1()
    {
        // Wire-contract 13.44: the numbers of the commands over HTTP begin with 1, too.
        var since = Applied(await StartAsync("echo", "hello there"));
        await using var lifecycle = await SubscribeAsync(Watch + "}");
        await using var values = await SubscribeAsync($$$"""{"channels":["values"],"since":{{{since}}}}""");
        await using var messages = await SubscribeAsync("""{"channels":["messages"],"namespaces":[[]],"depth":0}""");
        Assert.Equal(["running", "completed"], (await lifecycle.NextAsync(2, Token)).Select(Phase));
        var seen = await values.NextAsync(2, Token);
        Assert.Equal(["human: hello there", "ai: echo: hello there"], Data(seen[1]).Conversation());
        Assert.Equal("message-start", Data(Assert.Single(await messages.NextAsync(1, Token))).Text("event"));

        // A line that broke: the same subscription on a new connection, behind the last event that was read.
        await using var again = await SubscribeAsync($$$"""{"channels":["values"],"since":{{{Seq(seen[0])}}}}""");
        Assert.Equal(Texts(seen[1..]), Texts(await again.NextAsync(1, Token)));
        await StartAsync("echo", "again");
        Assert.Equal("human: again", Data((await again.NextAsync(1, Token))[0]).Conversation()[^1]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_question_is_read_by_its_value_and_answered_with_its_namespace(bool overSocket)
    {
        await StartAsync("approval", "act");
        await using var events = await (overSocket ? SubscribeAsync(Watch + "}") : OpenAsync(Watch + "}"));
        var asked = await events.NextAsync(3, Token);
        var request = Assert.Single(asked, item => item.Text("method") == "input.requested");
        Assert.NotEqual(JsonValueKind.Undefined, Data(request).GetProperty("value").ValueKind);
        await fixture.Client.WaitForThreadAsync(id, "interrupted");
        var place = request.GetProperty("params").GetProperty("namespace").GetRawText();
        var answer = await SendAsync("input.respond", $$"""{"interrupt_id":"{{Data(request).Text("interrupt_id")}}","namespace":{{place}},"response":"yes"}""");
        Assert.Equal("{}", answer.GetProperty("result").GetRawText());
        Assert.Equal(["running", "completed"], (await events.NextAsync(2, Token)).Select(Phase));
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/stream", Client.PythonSdk)]
    public async Task Join_stream_shows_run_after_run_and_comes_back_to_its_location()
    {
        var thread = (await sdk.PostAsync("/threads", "{}")).Text("thread_id");
        using var joined = await sdk.OpenAsync(HttpMethod.Get, $"/threads/{thread}/stream?stream_mode=run_modes", lastEventId: "-");
        await fixture.Client.AnswerAsync(thread, "hello");
        await fixture.Client.AnswerAsync(thread, "again");
        var events = await joined.EventsAsync().Take(10).ToListAsync(Token);
        string[] run = ["metadata", "metadata", "values", "values", "metadata"];
        Assert.Equal([.. run, .. run], events.Select(item => item.Name));
        using var rest = await sdk.OpenAsync(HttpMethod.Get, joined.Headers.Location!.ToString(), lastEventId: $"{events[4].Id}");
        Assert.Equal(events[5..], await rest.EventsAsync().Take(5).ToListAsync(Token));
        // A list of modes is repeated.
        using var few = await sdk.OpenAsync(HttpMethod.Get, $"/threads/{thread}/stream?stream_mode=lifecycle&stream_mode=state_update", lastEventId: "-");
        Assert.Equal("run_started run_done run_started run_done", string.Join(' ', await few.EventsAsync().Take(4).Select(item => item.Data.Text("status")).ToListAsync(Token)));
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/threads/{Guid.NewGuid()}/stream?stream_mode=run_modes");
    }

    private Task<JsonElement> StartAsync(string agent, string text) =>
        SendAsync("run.start", $$$"""{"assistant_id":"{{{agent}}}","input":{"messages":[{"role":"user","content":"{{{text}}}"}]}}""");

    private async Task<JsonElement> SendAsync(string method, string parameters)
    {
        var answer = await PostAsync(method, parameters);
        Assert.True(answer.Text("type") == "success", answer.GetRawText());
        return answer;
    }

    /// <summary><c>send_command</c>: the answer must be an object with an id.</summary>
    private async Task<JsonElement> PostAsync(string method, string parameters)
    {
        var answer = await sdk.PostAsync($"/threads/{id}/commands", $$$"""{"id":{{{++commands}}},"method":"{{{method}}}","params":{{{parameters}}}}""");
        Assert.Equal(commands, answer.GetProperty("id").GetInt32());
        return answer;
    }

    private async Task<ProtocolEvents> OpenAsync(string filter)
    {
        var response = await sdk.OpenAsync(HttpMethod.Post, $"/threads/{id}/stream/events", filter);
        return new ProtocolEvents(response.EventsAsync().Select(item => item.Data).GetAsyncEnumerator(Token), new Line(response));
    }

    /// <summary>What it reads first is the answer, which has no method and so interests no reader.</summary>
    private async Task<ProtocolEvents> SubscribeAsync(string filter)
    {
        var socket = await ProtocolSocket.ConnectAsync(fixture.Client.BaseAddress!, $"/threads/{id}/stream/events", Token);
        await socket.SendTextAsync($$$"""{"id":1,"method":"subscription.subscribe","params":{{{filter}}}}""", Token);
        var answer = await socket.ReadAsync(Token);
        Assert.Equal(("success", false), (answer.Text("type"), answer.TryGetProperty("method", out _)));
        return new ProtocolEvents(ReadAsync(socket).GetAsyncEnumerator(Token), socket);
    }

    private static async IAsyncEnumerable<JsonElement> ReadAsync(ProtocolSocket socket)
    {
        while (true)
        {
            yield return await socket.ReadAsync(Token);
        }
    }

    private static async Task<List<JsonElement>> ReadAsync(ProtocolEvents events, string last)
    {
        List<JsonElement> read = [];
        do
        {
            read.Add(await events.NextAsync(Token));
        }
        while (read[^1].Text("event_id") != last);
        return read;
    }

    private static IEnumerable<string> Texts(IEnumerable<JsonElement> events) => events.Select(item => item.GetRawText());

    private static long Applied(JsonElement answer) => answer.GetProperty("meta").GetProperty("applied_through_seq").GetInt64();

    private static long Seq(JsonElement item) => item.GetProperty("seq").GetInt64();

    private static JsonElement Data(JsonElement item) => item.GetProperty("params").GetProperty("data");

    private static string Phase(JsonElement item) => Data(item).Text("event");

    private sealed class Line(HttpResponseMessage response) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
