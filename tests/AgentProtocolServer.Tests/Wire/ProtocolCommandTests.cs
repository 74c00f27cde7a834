using System.Net;
using System.Text.Json;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The commands of the streaming protocol, over either transport (wire-contract 6.7, 6.10).</summary>
public abstract class ProtocolCommandTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;
    private readonly Guid threadId = Guid.CreateVersion7();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract ProtocolTransport Transport(HttpClient client);

    [Fact]
    public async Task A_run_is_started_on_a_thread_that_is_created_for_it()
    {
        // Wire-contract 13.41, and 13.45: before that its state is unknown, which is how clients notice.
        await client.SendAsync(HttpMethod.Get, $"/threads/{threadId}/state").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        var answer = await SendAsync("run.start", new { assistant_id = "echo", input = Protocol.Say("hello"), metadata = new { a = 1.50 } });
        Assert.Equal("success", answer.Text("type"));
        var runId = answer.GetProperty("result").Text("run_id");
        await client.WaitForStatusAsync($"{threadId}", runId, "success");
        Assert.Equal(["human: hello", "ai: echo: hello"], (await client.GetJsonAsync($"/threads/{threadId}/state")).GetProperty("values").Conversation());
        Assert.Equal(1.5, (await client.GetJsonAsync($"/threads/{threadId}/runs/{runId}")).GetProperty("metadata").GetProperty("a").GetDouble());
    }

    [Fact]
    public async Task The_answer_says_behind_which_event_the_run_begins_under_both_names()
    {
        // Wire-contract 13.38 and 12 row 9.
        var first = (await StartAsync("hello")).GetProperty("meta");
        Assert.Equal($"{threadId}", first.Text("thread_id"));
        Assert.Equal(first.GetProperty("applied_through_seq").GetInt64(), first.GetProperty("appliedThroughSeq").GetInt64());
        var second = (await StartAsync("hello")).GetProperty("meta");
        Assert.True(second.GetProperty("applied_through_seq").GetInt64() > first.GetProperty("applied_through_seq").GetInt64());
    }

    [Theory]
    [InlineData("multitaskStrategy", "interrupt", "interrupt")]
    [InlineData("multitask_strategy", "rollback", "rollback")]
    [InlineData("multitaskStrategy", "whatever", "enqueue")]
    [InlineData("other", "interrupt", "enqueue")]
    public async Task The_strategy_has_two_names_and_what_is_unknown_means_enqueue(string name, string value, string expected)
    {
        var answer = await SendAsync("run.start", new Dictionary<string, object> { ["assistantId"] = "echo", ["input"] = Protocol.Say("hello"), [name] = value });
        var run = await client.GetJsonAsync($"/threads/{threadId}/runs/{answer.GetProperty("result").Text("run_id")}");
        Assert.Equal(expected, run.Text("multitask_strategy"));
    }

    [Fact]
    public async Task A_run_waits_its_turn_by_default_or_is_refused_where_the_client_wants_that()
    {
        // Wire-contract 12 row 23: it is not injected into the one that runs.
        await StartAsync("sleep 60");
        var refused = await SendAsync("run.start", new { assistant_id = "echo", input = Protocol.Say("b"), multitask_strategy = "reject" });
        AssertRefused("invalid_argument", refused);
        var waiting = (await StartAsync("c")).GetProperty("result").Text("run_id");
        Assert.Equal("pending", (await client.GetJsonAsync($"/threads/{threadId}/runs/{waiting}")).Text("status"));
        await client.SendAsync(HttpMethod.Delete, $"/threads/{threadId}").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Theory]
    [InlineData("""{"assistant_id":"nobody","input":null}""", "nobody")]
    [InlineData("""{"input":{}}""", "assistant_id")]
    [InlineData("""{"assistant_id":1}""", "assistant_id")]
    [InlineData("""{"assistant_id":"echo","config":1}""", "config")]
    [InlineData("""{"assistant_id":"echo","metadata":[]}""", "metadata")]
    [InlineData("""{"assistant_id":"echo","input":{"messages":[{"role":"dog","content":"x"}]}}""", "messages")]
    [InlineData("""[1]""", "params")]
    public async Task A_run_that_cannot_start_is_refused_and_says_why(string parameters, string named)
    {
        var answer = await SendAsync("run.start", JsonDocument.Parse(parameters).RootElement);
        AssertRefused("invalid_argument", answer);
        Assert.Contains(named, answer.Text("message"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("input.respond", """{"namespace":[],"interrupt_id":"x","response":1}""", "no_such_run")]
    [InlineData("input.inject", """{"namespace":[],"message":{"role":"user","content":"x"}}""", "no_such_run")]
    [InlineData("state.get", """{"namespace":[]}""", "no_such_run")]
    [InlineData("state.listCheckpoints", null, "no_such_run")]
    [InlineData("state.fork", """{"checkpoint_id":"0199d5a0-0000-7000-8000-000000000000"}""", "no_such_checkpoint")]
    [InlineData("agent.getTree", null, "no_such_run")]
    public async Task A_thread_that_does_not_exist_has_nothing(string method, string? parameters, string code) =>
        AssertRefused(code, await SendAsync(method, parameters is null ? null : JsonDocument.Parse(parameters).RootElement));

    [Theory]
    [InlineData("input.respond", """{"namespace":[],"interruptId":"x","response":1}""", "invalid_argument")]
    [InlineData("input.respond", """{"responses":[]}""", "invalid_argument")]
    [InlineData("input.respond", """{"responses":[{"interrupt_id":"a","response":1},{"interrupt_id":"a","response":2}]}""", "invalid_argument")]
    [InlineData("input.respond", """{"responses":[1]}""", "invalid_argument")]
    [InlineData("input.respond", null, "invalid_argument")]
    [InlineData("input.inject", """{"namespace":[]}""", "invalid_argument")]
    [InlineData("input.inject", """{"message":{"role":"ai","content":"x"}}""", "invalid_argument")]
    [InlineData("input.inject", """{"message":{"role":"user"}}""", "invalid_argument")]
    [InlineData("input.inject", """{"message":{"role":"user","content":null}}""", "invalid_argument")]
    [InlineData("state.get", """{"namespace":["child"]}""", "no_such_namespace")]
    [InlineData("state.get", """{"namespace":"child"}""", "invalid_argument")]
    [InlineData("state.get", """{"keys":[1]}""", "invalid_argument")]
    [InlineData("state.listCheckpoints", """{"limit":0}""", "invalid_argument")]
    [InlineData("state.listCheckpoints", """{"before":"x"}""", "invalid_argument")]
    [InlineData("state.fork", """{}""", "invalid_argument")]
    [InlineData("state.fork", """{"checkpointId":"x"}""", "no_such_checkpoint")]
    [InlineData("agent.getTree", """{"run_id":"x"}""", "invalid_argument")]
    [InlineData("agent.getTree", """{"runId":"0199d5a0-0000-7000-8000-000000000000"}""", "no_such_run")]
    public async Task What_a_thread_cannot_do_is_refused_with_a_code(string method, string? parameters, string code)
    {
        await RunToEndAsync("hello");
        AssertRefused(code, await SendAsync(method, parameters is null ? null : JsonDocument.Parse(parameters).RootElement));
    }

    [Fact]
    public async Task State_is_read_whole_or_by_keys_with_its_checkpoint()
    {
        await RunToEndAsync("hello");
        await client.PostAsync($"/threads/{threadId}/state", """{"values":{"n":1.50,"big":12345678901234567890}}""").OkAsync();
        var state = await client.GetJsonAsync($"/threads/{threadId}/state");
        var whole = (await SendAsync("state.get", new { @namespace = Array.Empty<string>() })).GetProperty("result");
        Assert.Equal(state.GetProperty("values").GetRawText(), whole.GetProperty("values").GetRawText());
        Assert.Equal((state.GetProperty("checkpoint").Text("checkpoint_id"), ""), (whole.GetProperty("checkpoint").Text("id"), whole.GetProperty("checkpoint").Text("ns")));
        var some = (await SendAsync("state.get", new { @namespace = Array.Empty<string>(), keys = new[] { "big", "n", "none" } })).GetProperty("result");
        Assert.Equal("""{"n":1.50,"big":12345678901234567890}""", some.GetProperty("values").GetRawText());
    }

    [Fact]
    public async Task Checkpoints_are_listed_newest_first_and_page_by_page()
    {
        await RunToEndAsync("hello");
        var history = (await client.GetJsonAsync($"/threads/{threadId}/history")).EnumerateArray().ToArray();
        var all = (await SendAsync("state.listCheckpoints", null)).GetProperty("result").GetProperty("checkpoints").EnumerateArray().ToArray();
        Assert.Equal(history.Select(state => state.Text("checkpoint_id")), all.Select(checkpoint => checkpoint.Text("id")));
        Assert.Equal(history[0].GetProperty("metadata").GetRawText(), all[0].GetProperty("metadata").GetRawText());
        Assert.Equal(history[0].GetProperty("metadata").GetProperty("step").GetInt32(), all[0].GetProperty("step").GetInt32());
        Assert.Equal(history[0].Text("created_at"), all[0].Text("timestamp"));
        var rest = (await SendAsync("state.listCheckpoints", new { limit = 1, before = all[0].Text("id") })).GetProperty("result").GetProperty("checkpoints");
        Assert.Equal(all[1].Text("id"), Assert.Single(rest.EnumerateArray()).Text("id"));
    }

    [Fact]
    public async Task A_message_is_taken_in_by_a_thread_that_rests()
    {
        await RunToEndAsync("hello");
        var answer = await SendAsync("input.inject", new { @namespace = Array.Empty<string>(), message = new { role = "user", content = "again" } });
        Assert.Equal("{}", answer.GetProperty("result").GetRawText());
        var run = (await client.GetJsonAsync($"/threads/{threadId}/runs"))[0].Text("run_id");
        await client.WaitForStatusAsync($"{threadId}", run, "success");
        var values = (await client.GetJsonAsync($"/threads/{threadId}/state")).GetProperty("values");
        Assert.Equal(["human: hello", "ai: echo: hello", "human: again", "ai: echo: again"], values.Conversation());
    }

    [Fact]
    public async Task A_message_is_not_taken_in_by_a_run_that_goes_on()
    {
        await StartAsync("sleep 60");
        AssertRefused("not_supported", await SendAsync("input.inject", new { message = new { role = "user", content = "again" } }));
        await client.SendAsync(HttpMethod.Delete, $"/threads/{threadId}").EmptyAsync(HttpStatusCode.NoContent);
    }

    /// <summary>Wire-contract 5.10: also those of a request that became a WebSocket, for all that is sent over it.</summary>
    [Fact]
    public async Task Headers_of_the_allow_list_win_over_the_configuration_of_every_command_that_starts_a_run()
    {
        var config = new { tags = new[] { "t" }, configurable = new Dictionary<string, object> { ["n"] = 1, ["x-configurable-user"] = "mallory" } };

        await StartedAsync("run.start", new { assistant_id = "echo", input = Protocol.Say("hello"), config });
        var checkpoint = (await client.GetJsonAsync($"/threads/{threadId}/state")).GetProperty("checkpoint").Text("checkpoint_id");
        await StartedAsync("state.fork", new { checkpoint_id = checkpoint, input = Protocol.Say("fork"), config });
        await StartedAsync("input.inject", new { message = new { role = "user", content = "again" } });

        async Task StartedAsync(string method, object parameters)
        {
            // Another value for each, since a thread hands on what its runs had.
            using var behindProxy = new HttpClient { BaseAddress = client.BaseAddress };
            behindProxy.DefaultRequestHeaders.Add("X-Configurable-User", method);
            behindProxy.DefaultRequestHeaders.Add("x-other", "no");
            var answer = await Transport(behindProxy).SendAsync(threadId, method, parameters, Token);
            Assert.True(answer.Text("type") == "success", answer.GetRawText());
            var run = (await client.GetJsonAsync($"/threads/{threadId}/runs"))[0];
            await client.WaitForStatusAsync($"{threadId}", run.Text("run_id"), "success");
            var configurable = run.GetProperty("config").GetProperty("configurable");
            Assert.Equal(method, configurable.Text("x-configurable-user"));
            Assert.False(configurable.TryGetProperty("x-other", out _));
            Assert.Equal(1, configurable.GetProperty("n").GetInt32());
        }
    }

    [Fact]
    public async Task The_tree_shows_how_far_a_run_is()
    {
        var first = await RunToEndAsync("fail boom");
        var second = await RunToEndAsync("hello");
        Assert.Equal((second, "completed", "echo"), await TreeAsync(null));
        Assert.Equal((first, "failed", "echo"), await TreeAsync(new { run_id = first }));

        async Task<(string?, string?, string?)> TreeAsync(object? parameters)
        {
            var tree = (await SendAsync("agent.getTree", parameters)).GetProperty("result").GetProperty("tree");
            Assert.Equal(0, tree.GetProperty("namespace").GetArrayLength());
            return (tree.GetProperty("metadata").Text("run_id"), tree.Text("status"), tree.Text("graph_name"));
        }
    }

    protected Task<JsonElement> SendAsync(string method, object? parameters) => Transport(client).SendAsync(threadId, method, parameters, Token);

    private Task<JsonElement> StartAsync(string text) => SendAsync("run.start", new { assistant_id = "echo", input = Protocol.Say(text) });

    private async Task<string> RunToEndAsync(string text)
    {
        var runId = (await StartAsync(text)).GetProperty("result").Text("run_id");
        await client.WaitForStatusAsync($"{threadId}", runId, text.StartsWith("fail", StringComparison.Ordinal) ? "error" : "success");
        return runId;
    }

    private static void AssertRefused(string code, JsonElement answer)
    {
        Assert.Equal(("error", code), (answer.Text("type"), answer.TryGetProperty("error", out var error) ? error.GetString() : null));
        Assert.NotEqual("", answer.Text("message"));
        Assert.Equal(JsonValueKind.Number, answer.GetProperty("id").ValueKind);
    }
}

public sealed class HttpCommandTests(ServerFixture fixture) : ProtocolCommandTests(fixture)
{
    private readonly HttpClient client = fixture.Client;

    protected override ProtocolTransport Transport(HttpClient client) => new SseTransport(client, "stream/events");

    [Theory]
    [InlineData("""{"method":"state.get"}""", HttpStatusCode.UnprocessableEntity, "id")]
    [InlineData("""{"id":"1","method":"state.get"}""", HttpStatusCode.UnprocessableEntity, "id")]
    [InlineData("""{"id":1.5,"method":"state.get"}""", HttpStatusCode.UnprocessableEntity, "id")]
    [InlineData("""{"id":-1,"method":"state.get"}""", HttpStatusCode.UnprocessableEntity, "id")]
    [InlineData("""{"id":1}""", HttpStatusCode.UnprocessableEntity, "method")]
    [InlineData("""[]""", HttpStatusCode.UnprocessableEntity, "body")]
    [InlineData("""{""", HttpStatusCode.BadRequest, "JSON")]
    public async Task What_is_no_command_is_an_error_of_HTTP(string body, HttpStatusCode status, string named)
    {
        var error = await client.PostAsync($"/threads/{Guid.NewGuid()}/commands", body).RefusedAsync(status, status == HttpStatusCode.BadRequest ? "bad_request" : "validation_error");
        Assert.Contains(named, error.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_without_an_id_is_refused() =>
        await client.PostAsync("/threads/x/commands", """{"id":1,"method":"state.get"}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
}

public sealed class SocketCommandTests(ServerFixture fixture) : ProtocolCommandTests(fixture)
{
    protected override ProtocolTransport Transport(HttpClient client) => new SocketTransport(client, "stream/events");
}
