using System.Text.Json;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.Processes;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The stream modes that show how a run works (wire-contract 6.3): <c>events</c>, <c>tasks</c>, <c>checkpoints</c>, <c>debug</c>, <c>tools</c>, and our own <c>progress</c>.</summary>
public sealed class StreamModeTests(ApprovalFixture fixture) : IClassFixture<ApprovalFixture>
{
    private static readonly string[] All =
        ["values", "updates", "messages", "messages-tuple", "custom", "events", "tasks", "checkpoints", "debug", "tools", "progress"];

    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task Events_are_the_callbacks_of_a_runnable()
    {
        var (_, events) = await StreamAsync("echo", "hello there", "events");
        Assert.Equal(
            [
                "on_chain_start echo", "on_chain_start echo", "on_chat_model_start echo", "on_chat_model_stream echo", "on_chat_model_stream echo",
                "on_chat_model_stream echo", "on_chat_model_end echo", "on_chain_end echo", "on_chain_end echo",
            ],
            events.Skip(1).Select(item => $"{item.Data.Text("event")} {item.Data.Text("name")}"));
        Assert.All(events.Skip(1), item => Assert.Equal(
            ["event", "name", "run_id", "tags", "metadata", "parent_ids", "data"], item.Data.Members()));
        Assert.Equal("echo: hello there", string.Concat(events.Where(item => item.Name == "events" && item.Data.Text("event") == "on_chat_model_stream")
            .Select(item => item.Data.GetProperty("data").GetProperty("chunk").Text("content"))));
    }

    [Fact]
    public async Task Events_name_the_tools()
    {
        var (_, events) = await StreamAsync("approval", "free", "events");
        Assert.Equal(
            ["on_tool_start act", "on_tool_end act"],
            events.Skip(1).Select(item => $"{item.Data.Text("event")} {item.Data.Text("name")}").Where(name => name.Contains("tool_", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Tasks_and_checkpoints_alternate_as_in_the_reference_server()
    {
        var (_, events) = await StreamAsync("approval", "free", "tasks", "checkpoints");
        Assert.Equal(
            [
                "checkpoint input -1 [\"__start__\"] 0", "checkpoint loop 0 [\"agent\"] 1",
                "start agent [\"branch:to:agent\"] 1", "result agent 1 []", "checkpoint loop 1 [] 2",
                "start tools [\"branch:to:tools\"] 2", "result tools 1 []", "checkpoint loop 2 [] 3",
                "start agent [\"branch:to:agent\"] 3", "result agent 1 []", "checkpoint loop 3 [] 4",
            ],
            events.Skip(1).Select(Describe));
    }

    [Fact]
    public async Task A_question_is_the_result_of_its_task()
    {
        var (thread, events) = await StreamAsync("approval", "act", "tasks", "debug");
        var result = events.Last(item => item.Name == "tasks").Data;
        Assert.Equal("""[{"id":"approve","value":{"question":"approve"}}]""", result.GetProperty("interrupts").GetRawText());
        Assert.Equal(("tools", "{}"), (result.Text("name"), result.GetProperty("result").GetRawText()));
        var state = await client.GetJsonAsync($"/threads/{thread}/state");
        Assert.Equal(state.GetProperty("tasks")[0].Text("id"), result.Text("id"));

        var (begun, ended) = (events.Last(item => item.Name == "debug" && item.Data.Text("type") == "task").Data, events[^1].Data);
        Assert.Equal("task_result", ended.Text("type"));
        Assert.Equal(begun.GetProperty("step").GetInt32(), ended.GetProperty("step").GetInt32());
        Assert.Equal(result.GetRawText(), ended.GetProperty("payload").GetRawText());
    }

    [Theory]
    [InlineData("echo", "steps 3")]
    [InlineData("approval", "free")]
    public async Task Checkpoints_of_debug_are_the_history_reversed(string agent, string text)
    {
        var (thread, events) = await StreamAsync(agent, text, "debug");
        var shown = events.Where(item => item.Name == "debug" && item.Data.Text("type") == "checkpoint").Select(item => item.Data.GetProperty("payload")).ToList();
        var history = (await client.GetJsonAsync($"/threads/{thread}/history?limit=100")).EnumerateArray().Reverse();

        Assert.Equal(history.Select(Place), shown.Select(Place));
        Assert.All(shown, payload => Assert.Equal(
            ["config", "parent_config", "checkpoint", "parent_checkpoint", "metadata", "next", "tasks", "values"], payload.Members()));
        Assert.All(events.Skip(1), item => Assert.Equal(["type", "timestamp", "step", "payload"], item.Data.Members()));

        static string Place(JsonElement state) =>
            $"{state.GetProperty("metadata").GetProperty("step")} {state.GetProperty("checkpoint").GetRawText()} {state.GetProperty("parent_checkpoint").GetRawText()}";
    }

    [Fact]
    public async Task A_tool_call_is_told_from_its_start_to_its_end()
    {
        var (_, events) = await StreamAsync("approval", "free", "tools");
        Assert.Equal(
            [
                """{"event":"on_tool_start","toolCallId":"call-1","name":"act","input":{"words":"free"}}""",
                """{"event":"on_tool_event","toolCallId":"call-1","data":"half"}""",
                """{"event":"on_tool_end","toolCallId":"call-1","output":""}""",
            ],
            events.Skip(1).Select(item => item.Text));
    }

    [Fact]
    public async Task Progress_is_told_as_the_run_and_its_thread_show_it()
    {
        var (thread, events) = await StreamAsync("echo", "steps 3", "progress");
        Assert.Equal(["metadata", "progress", "progress", "progress"], events.Select(item => item.Name));
        Assert.Equal(["""{"percent":33.333}""", """{"percent":66.667}""", """{"percent":100}"""], events.Skip(1).Select(item => item.Text));
        var run = await client.GetJsonAsync($"/threads/{thread}/runs/{events[0].Data.Text("run_id")}");
        Assert.Equal("""{"percent":100}""", run.GetProperty("progress").GetRawText());
        Assert.Equal("""{"percent":100}""", (await client.GetJsonAsync($"/threads/{thread}")).GetProperty("progress").GetRawText());
    }

    [Fact]
    public async Task All_modes_share_one_order_that_replays_and_filters_alike()
    {
        var (thread, live) = await StreamAsync("approval", "free", All);
        var run = live[0].Data.Text("run_id");
        RunLogs.AssertDense(live, run);
        Assert.Equal(live, await client.ReplayAsync(thread, run));

        foreach (var mode in All)
        {
            var some = await client.StreamAsync(HttpMethod.Get, $"/threads/{thread}/runs/{run}/stream?stream_mode={mode}", null, ("Last-Event-ID", "-1"));
            Assert.Equal(live.Where(item => item.Name == "metadata" || IsOf(item, mode)), some);
        }

        var rest = await client.StreamAsync(HttpMethod.Get, $"/threads/{thread}/runs/{run}/stream?stream_mode=tasks&stream_mode=debug", null, ("Last-Event-ID", "9"));
        Assert.Equal(live.Skip(10).Where(item => item.Name is "tasks" or "debug"), rest);
    }

    private static bool IsOf(SseEvent item, string mode) => mode switch
    {
        "messages" => item.Name!.StartsWith("messages/", StringComparison.Ordinal),
        "messages-tuple" => item.Name == "messages",
        _ => item.Name == mode,
    };

    private static string Describe(SseEvent item) => item.Name == "checkpoints"
        ? $"checkpoint {item.Data.GetProperty("metadata").Text("source")} {item.Data.GetProperty("metadata").GetProperty("step")} {item.Data.GetProperty("next").GetRawText()} {Messages(item.Data.GetProperty("values"))}"
        : item.Data.TryGetProperty("input", out var input)
            ? $"start {item.Data.Text("name")} {item.Data.GetProperty("triggers").GetRawText()} {Messages(input)}"
            : $"result {item.Data.Text("name")} {Messages(item.Data.GetProperty("result"))} {item.Data.GetProperty("interrupts").GetRawText()}";

    private static int Messages(JsonElement values) => values.TryGetProperty("messages", out var messages) ? messages.GetArrayLength() : 0;

    private async Task<(string Thread, List<SseEvent> Events)> StreamAsync(string agent, string text, params string[] modes)
    {
        var thread = await client.NewThreadAsync();
        return (thread, await client.StreamAsync(
            HttpMethod.Post, $"/threads/{thread}/runs/stream", new { assistant_id = agent, input = Protocol.Say(text), stream_mode = modes }));
    }
}
