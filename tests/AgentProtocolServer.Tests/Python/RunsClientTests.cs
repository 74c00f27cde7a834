using System.Net;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>client.runs</c> of <c>langgraph_sdk</c> (wire-contract 4).</summary>
public sealed class RunsClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private const string WithModes = ""","stream_mode":"values","stream_subgraphs":false,"stream_resumable":false""";
    internal const string WithRaise = ""","raise_error":true""";

    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /threads/{thread_id}/runs", Client.PythonSdk)]
    public async Task Create_always_sends_its_stream_options_and_reads_the_place_of_the_run()
    {
        var id = await NewThreadAsync();
        const string More = $$$"""{{{WithModes}}},"config":{"tags":["t"],"configurable":{"a":1}},"context":{"b":2},"metadata":{"c":3},"multitask_strategy":"enqueue","if_not_exists":"create","after_seconds":0,"durability":"async" """;
        using var response = await sdk.RespondAsync(HttpMethod.Post, $"/threads/{id}/runs", Body("hello", More));
        var run = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal((HttpStatusCode.OK, "pending", id), (response.StatusCode, run.Text("status"), run.Text("thread_id")));
        // `_RUN_METADATA_PATTERN`: the run's id is the end of it.
        Assert.Matches($"^/threads/{id}/runs/{run.Text("run_id")}$", response.Header("Content-Location"));
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Post, $"/threads/{Guid.NewGuid()}/runs", Body("x", WithModes));
    }

    [Fact]
    [Proves("POST /runs", Client.PythonSdk)]
    public async Task Create_without_a_thread_is_stateless()
    {
        using var response = await sdk.RespondAsync(HttpMethod.Post, "/runs", Body("hello", WithModes));
        var run = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        Assert.Equal($"/runs/{run.Text("run_id")}", response.Header("Content-Location"));
    }

    [Fact]
    [Proves("POST /threads/{thread_id}/runs/stream", Client.PythonSdk)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/stream", Client.PythonSdk)]
    public async Task Stream_is_joined_again_without_its_query()
    {
        var id = await NewThreadAsync();
        const string More = ""","stream_mode":["values","messages-tuple"],"stream_subgraphs":false,"stream_resumable":true,"on_disconnect":"continue" """;
        var (events, place, location) = await sdk.StreamAsync(HttpMethod.Post, $"/threads/{id}/runs/stream", Body("hello there", More));
        Assert.Equal("metadata values messages messages messages values", string.Join(' ', events.Select(item => item.Name)));
        Assert.Equal(place, $"/threads/{id}/runs/{events[0].Data.Text("run_id")}");
        // Trap 28: the reconnect goes to Location as it is, with what was read last.
        Assert.Equal(events[3..], (await sdk.StreamAsync(HttpMethod.Get, location!, lastEventId: "2")).Events);
        // `join_stream`: None becomes an empty parameter, lists are repeated.
        Assert.Equal(events, (await sdk.StreamAsync(HttpMethod.Get, $"{place}/stream?stream_mode=&cancel_on_disconnect=false", lastEventId: "-1")).Events);
        var joined = await sdk.StreamAsync(HttpMethod.Get, $"{place}/stream?stream_mode=values&stream_mode=updates&cancel_on_disconnect=true", lastEventId: "-1");
        Assert.Equal(["metadata", "values", "values"], joined.Events.Select(item => item.Name));
    }

    [Fact]
    [Proves("POST /runs/stream", Client.PythonSdk)]
    public async Task Stream_without_a_thread_tells_its_run()
    {
        var (events, place, location) = await sdk.StreamAsync(HttpMethod.Post, "/runs/stream", Body("fail boom", WithModes));
        Assert.Equal((place, $"{place}/stream"), ($"/runs/{events[0].Data.Text("run_id")}", location));
        Assert.Equal(("error", "boom"), (events[^1].Name, events[^1].Data.Text("message")));
    }

    [Fact]
    [Proves("POST /threads/{thread_id}/runs/wait", Client.PythonSdk)]
    [Proves("POST /runs/wait", Client.PythonSdk)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/join", Client.PythonSdk)]
    public async Task Wait_and_join_answer_the_values_or_the_failure()
    {
        var id = await NewThreadAsync();
        var (values, location) = await sdk.RequestReconnectAsync(HttpMethod.Post, $"/threads/{id}/runs/wait", Body("hello", WithRaise));
        Assert.Equal(["human: hello", "ai: echo: hello"], values.Conversation());
        // `join` and every reconnect send the text "null" with GET.
        Assert.Equal(values.GetRawText(), (await sdk.RequestReconnectAsync(HttpMethod.Get, location!, null)).Body.GetRawText());
        var (failed, place) = await sdk.RequestReconnectAsync(HttpMethod.Post, "/runs/wait", Body("fail boom", WithRaise));
        Assert.Equal("boom", failed.GetProperty("__error__").Text("message"));
        Assert.NotEqual("", failed.GetProperty("__error__").Text("error"));
        Assert.Matches("^/runs/[^/]+/join$", place!);
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/runs", Client.PythonSdk)]
    public async Task List_repeats_what_it_selects()
    {
        var id = await NewThreadAsync();
        await sdk.RequestReconnectAsync(HttpMethod.Post, $"/threads/{id}/runs/wait", Body("hello", WithRaise));
        Assert.Equal(1, (await sdk.GetAsync($"/threads/{id}/runs?limit=10&offset=0")).GetArrayLength());
        var found = await sdk.GetAsync($"/threads/{id}/runs?limit=1&offset=0&status=success&select=run_id&select=status");
        Assert.Equal(["run_id", "status"], Assert.Single(found.EnumerateArray()).Members());
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/runs/{run_id}", Client.PythonSdk)]
    [Proves("POST /threads/{thread_id}/runs/{run_id}/cancel", Client.PythonSdk)]
    [Proves("DELETE /threads/{thread_id}/runs/{run_id}", Client.PythonSdk)]
    public async Task Cancel_waits_or_not_and_delete_takes_the_run_away()
    {
        var id = await NewThreadAsync();
        foreach (var action in new[] { "interrupt", "rollback" })
        {
            var run = (await sdk.PostAsync($"/threads/{id}/runs", Body("sleep 60", WithModes))).Text("run_id");
            var cancelled = await sdk.PostAsync($"/threads/{id}/runs/{run}/cancel?wait=0&action={action}");
            Assert.Equal(JsonValueKind.Undefined, cancelled.ValueKind);
            await Until.TrueAsync(
                async () => (await sdk.GetAsync($"/threads/{id}")).Text("status") == "idle", TestContext.Current.CancellationToken);
        }

        var second = (await sdk.PostAsync($"/threads/{id}/runs", Body("sleep 60", WithModes))).Text("run_id");
        // With wait it goes through `request_reconnect`, which posts the text "null".
        await sdk.RequestReconnectAsync(HttpMethod.Post, $"/threads/{id}/runs/{second}/cancel?wait=1&action=interrupt", null);
        Assert.Equal("interrupted", (await sdk.GetAsync($"/threads/{id}/runs/{second}")).Text("status"));
        await sdk.DeleteAsync($"/threads/{id}/runs/{second}");
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Get, $"/threads/{id}/runs/{second}");
    }

    /// <summary>A body that creates a run, with what a method of the SDK adds to it.</summary>
    internal static string Body(string text, string more) =>
        $$"""{"input":{"messages":[{"role":"user","content":"{{text}}"}]},"assistant_id":"echo"{{more}}}""";

    private async Task<string> NewThreadAsync() => (await sdk.PostAsync("/threads", "{}")).Text("thread_id");
}
