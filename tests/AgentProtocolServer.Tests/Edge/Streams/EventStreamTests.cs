using System.Text.Json;
using AgentProtocol.Engine.Streams;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Edge.Streams;

/// <summary>What holds for every stream of a thread's events, over either transport and on either path (wire-contract 6.6 to 6.9).</summary>
public abstract class EventStreamTests : IAsyncLifetime
{
    public const string AgentProtocolPath = "stream";
    public const string SdkPath = "stream/events";

    private readonly FakeThread thread = new();
    private EdgeHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string> Paths => [AgentProtocolPath, SdkPath];

    protected abstract ProtocolTransport Transport(HttpClient client, string path);

    public async ValueTask InitializeAsync() =>
        host = await EdgeHost.StartAsync(configure: builder => builder.Services.AddSingleton<IThreadStreams>(thread));

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await host.DisposeAsync();
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Without_since_the_current_run_comes_from_its_first_event_also_after_its_end(string path)
    {
        // Wire-contract 13.36 and 6.8 rules 3 and 4: nothing of the run before.
        thread.StartRun().Lifecycle("running").Lifecycle("completed");
        thread.StartRun().Lifecycle("running").Add("custom", """{"payload":1}""").Lifecycle("completed");
        await using var events = await OpenAsync(new { channels = new[] { "lifecycle", "custom" } }, path);
        Assert.Equal(["lifecycle running", "custom", "lifecycle completed"], Names(await events.NextAsync(3, Token)));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task With_since_only_later_events_come(string path)
    {
        thread.StartRun().Lifecycle("running").Lifecycle("completed");
        thread.StartRun().Lifecycle("running").Lifecycle("completed");
        await using var events = await OpenAsync(new { channels = new[] { "lifecycle" }, since = 1_000_000_000 }, path);
        var seen = await events.NextAsync(3, Token);
        Assert.Equal([1_000_000_001, 2_000_000_000, 2_000_000_001], Seqs(seen));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_stream_may_be_opened_before_its_thread_exists_and_stays_open_across_runs(string path)
    {
        await using var events = await OpenAsync(new { channels = new[] { "lifecycle" } }, path);
        for (var run = 0; run < 3; run++)
        {
            thread.StartRun().Lifecycle("running").Lifecycle("completed");
            Assert.Equal(["lifecycle running", "lifecycle completed"], Names(await events.NextAsync(2, Token)));
        }
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Replay_goes_over_into_what_happens_now_without_gap_or_repeat(string path)
    {
        thread.StartRun();
        for (var number = 0; number < 500; number++)
        {
            thread.Add("custom", $$"""{"payload":{{number}}}""");
        }

        await using var events = await OpenAsync(new { channels = new[] { "custom" } }, path);
        for (var number = 500; number < 1000; number++)
        {
            thread.Add("custom", $$"""{"payload":{{number}}}""");
        }

        var payloads = (await events.NextAsync(1000, Token)).Select(item => item.GetProperty("params").GetProperty("data").GetProperty("payload").GetInt32());
        Assert.Equal(Enumerable.Range(0, 1000), payloads);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Only_what_the_filter_lets_pass_arrives_and_never_an_event_of_a_stream_mode(string path)
    {
        thread.StartRun().AddMode("values", "{}").Add("values", """{"a":1}""").Add("custom", """{"name":"a","payload":1}""")
            .Add("custom", """{"name":"b","payload":2}""").Lifecycle("running", "child:1").Lifecycle("running", "other:1").Lifecycle("completed");
        await using var events = await OpenAsync(
            new { channels = new[] { "lifecycle", "custom:b" }, namespaces = new[] { Array.Empty<string>(), ["child"] }, depth = 0 }, path);
        var seen = await events.NextAsync(3, Token);
        Assert.Equal(["custom", "lifecycle running", "lifecycle completed"], Names(seen));
        Assert.Equal("child:1", seen[1].GetProperty("params").GetProperty("namespace")[0].GetString());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_prefix_and_a_depth_choose_among_what_was_and_what_comes(string path)
    {
        thread.StartRun().Add("values", "{}").Add("values", "{}", "outer:1").Add("values", "{}", "outer:1", "inner:2", "core:3");
        await using var events = await OpenAsync(new { channels = new[] { "values" }, namespaces = new[] { new[] { "outer" } }, depth = 1 }, path);
        thread.Add("values", "{}", "outer:1", "inner:2").Add("tools", "{}", "outer:1").Add("values", "{}", "outer:1", "inner:2", "core:3").Add("values", "{}", "other:1").Add("values", "{}", "outer:4");
        Assert.Equal([["outer:1"], ["outer:1", "inner:2"], ["outer:4"]], (await events.NextAsync(3, Token)).Select(Place));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Where_an_event_comes_from_and_why_is_passed_on_as_it_is(string path)
    {
        const string Started = """{"event":"started","graph_name":"worker","cause":{"type":"toolCall","tool_call_id":"call_1"}}""";
        thread.StartRun().Add("lifecycle", Started, "tools:call_1", "model:worker_2");
        await using var events = await OpenAsync(new { channels = new[] { "lifecycle" } }, path);
        var seen = await events.NextAsync(Token);
        Assert.Equal(["tools:call_1", "model:worker_2"], Place(seen));
        Assert.Equal(Started, seen.GetProperty("params").GetProperty("data").GetRawText());
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task An_event_is_the_same_on_every_connection_and_its_id_is_its_number(string path)
    {
        // Wire-contract 13.37: clients drop ids that they have seen.
        thread.StartRun().Add("updates", "{\n  \"a\": 1.50,\r\n  \"b\": null\n}", "child:1");
        await using var first = await OpenAsync(new { channels = new[] { "updates" } }, path);
        await using var second = await OpenAsync(new { channels = new[] { "updates" }, since = 5 }, path);
        var item = await first.NextAsync(Token);
        var twin = path == AgentProtocolPath ? "\"eventId\":\"1000000000\"," : "";
        const string Params = """{"namespace":["child:1"],"timestamp":1700000000000,"node":"echo","data":{   "a": 1.50,    "b": null }}""";
        Assert.Equal("{\"type\":\"event\",\"event_id\":\"1000000000\"," + twin + "\"seq\":1000000000,\"method\":\"updates\",\"params\":" + Params + "}", item.GetRawText());
        Assert.Equal(item.GetRawText(), (await second.NextAsync(Token)).GetRawText());
    }

    [Theory]
    [InlineData("""{}""", "channels")]
    [InlineData("""{"channels":[]}""", "channels")]
    [InlineData("""{"channels":[null]}""", "channels")]
    [InlineData("""{"channels":"values"}""", "channels")]
    [InlineData("""{"channels":["values"],"namespaces":["a"]}""", "namespaces")]
    [InlineData("""{"channels":["values"],"namespaces":[[null]]}""", "namespaces")]
    [InlineData("""{"channels":["values"],"depth":-1}""", "depth")]
    [InlineData("""{"channels":["values"],"depth":0.5}""", "depth")]
    [InlineData("""{"channels":["values"],"since":-1}""", "since")]
    [InlineData("""{"channels":["values"],"since":"1"}""", "since")]
    public async Task A_filter_that_is_not_valid_is_refused_and_the_field_named(string filter, string field)
    {
        var refusal = await Assert.ThrowsAsync<ProtocolRefusalException>(() => OpenAsync(JsonDocument.Parse(filter).RootElement, SdkPath));
        Assert.Contains(field, refusal.Body.Text("message"), StringComparison.Ordinal);
        Assert.Equal(refusal.Status is null ? "invalid_argument" : "validation_error", refusal.Body.Text(refusal.Status is null ? "error" : "code"));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_stop_of_the_server_is_no_normal_end(string path)
    {
        // Wire-contract 13.39: after a normal end clients wait for ever, or take the run for failed.
        thread.StartRun().Lifecycle("running");
        await using var events = await OpenAsync(new { channels = new[] { "lifecycle" } }, path);
        await events.NextAsync(Token);
        host.Lifetime.StopApplication();
        AssertBroken(await Assert.ThrowsAnyAsync<Exception>(() => events.NextAsync(Token)));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_defect_is_no_normal_end(string path)
    {
        thread.StartRun().Lifecycle("running");
        await using var events = await OpenAsync(new { channels = new[] { "lifecycle" } }, path);
        await events.NextAsync(Token);
        thread.Defect = new InvalidOperationException("defect");
        thread.Wake();
        AssertBroken(await Assert.ThrowsAnyAsync<Exception>(() => events.NextAsync(Token)));
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_client_that_leaves_is_no_reader_any_more(string path)
    {
        thread.StartRun().Lifecycle("running");
        await using (var events = await OpenAsync(new { channels = new[] { "lifecycle" } }, path))
        {
            await events.NextAsync(Token);
        }

        await AgentProtocol.Testing.Until.TrueAsync(() => Task.FromResult(thread.Readers == 0), Token);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task A_command_that_does_not_exist_is_refused_with_its_number(string path)
    {
        // Wire-contract 13.40: over HTTP with status 200, which the transport checks.
        var answer = await Transport(host.Client, path).SendAsync(thread.ThreadId, "run.dance", null, Token);
        Assert.Equal(("error", 1, "unknown_command"), (answer.Text("type"), answer.GetProperty("id").GetInt64(), answer.Text("error")));
        answer = await Transport(host.Client, path).SendAsync(thread.ThreadId, "state.get", new[] { 1 }, Token);
        Assert.Equal("invalid_argument", answer.Text("error"));
        answer = await Transport(host.Client, path).SendAsync(thread.ThreadId, "subscription.reconnect", new { run_id = "x" }, Token);
        Assert.Equal("not_supported", answer.Text("error"));
    }

    protected static void AssertBroken(Exception exception)
    {
        Assert.False(exception is OperationCanceledException or TimeoutException, "The stream stayed open.");
        Assert.DoesNotContain("The stream has ended", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("NormalClosure", exception.Message, StringComparison.Ordinal);
    }

    private Task<ProtocolEvents> OpenAsync(object filter, string path) => Transport(host.Client, path).OpenAsync(thread.ThreadId, filter, Token);

    private static long[] Seqs(IEnumerable<JsonElement> events) => [.. events.Select(item => item.GetProperty("seq").GetInt64())];

    private static string[] Place(JsonElement item) =>
        [.. item.GetProperty("params").GetProperty("namespace").EnumerateArray().Select(segment => segment.GetString()!)];

    private static string[] Names(IEnumerable<JsonElement> events) => [.. events.Select(Name)];

    private static string Name(JsonElement item) => item.Text("method") == "lifecycle"
        ? $"lifecycle {item.GetProperty("params").GetProperty("data").Text("event")}"
        : item.Text("method");
}

public sealed class SseEventStreamTests : EventStreamTests
{
    protected override ProtocolTransport Transport(HttpClient client, string path) => new SseTransport(client, path);
}

public sealed class WebSocketEventStreamTests : EventStreamTests
{
    protected override ProtocolTransport Transport(HttpClient client, string path) => new SocketTransport(client, path);
}
