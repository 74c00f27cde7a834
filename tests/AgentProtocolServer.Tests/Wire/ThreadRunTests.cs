using System.Diagnostics;
using System.Globalization;
using System.Net;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The runs of a thread over HTTP (wire-contract 4.2, 4.5, 5).</summary>
public sealed class ThreadRunTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static readonly string[] Members =
    [
        "run_id", "thread_id", "assistant_id", "agent_id", "created_at", "updated_at", "status", "metadata", "kwargs", "multitask_strategy", "error",
        "input", "config", "stream_mode",
    ];

    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task Traps_2_and_29_a_created_run_is_200_with_every_member_and_its_place()
    {
        var id = await client.NewThreadAsync();
        using var response = await client.PostAsync($"/threads/{id}/runs", new
        {
            assistant_id = "echo",
            input = Protocol.Say("hello"),
            metadata = new { a = 1 },
            config = new { tags = new[] { "t" } },
            stream_mode = new[] { "values", "updates" },
        });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var run = await response.JsonAsync();
        Assert.Equal(Members, run.Members());
        Assert.Equal($"/threads/{id}/runs/{run.Text("run_id")}", response.Header("Content-Location"));
        Assert.Equal(("pending", "echo", Protocol.EchoAssistant, "enqueue"), (run.Text("status"), run.Text("agent_id"), run.Text("assistant_id"), run.Text("multitask_strategy")));
        Assert.Equal("""{"a":1}""", run.GetProperty("metadata").GetRawText());
        Assert.Equal("""["values","updates"]""", run.GetProperty("stream_mode").GetRawText());
        Assert.Equal("""{"tags":["t"]}""", run.GetProperty("config").GetRawText());
    }

    [Fact]
    public async Task Trap_18_the_moment_a_run_is_a_success_the_answer_is_everywhere()
    {
        for (var i = 0; i < 10; i++)
        {
            var id = await client.NewThreadAsync();
            var run = await client.StartAsync(id, "hello");
            await client.WaitForStatusAsync(id, run, "success");
            Assert.Equal(["human: hello", "ai: echo: hello"], (await client.GetJsonAsync($"/threads/{id}")).GetProperty("values").Conversation());
            Assert.Equal(["human: hello", "ai: echo: hello"], (await client.GetJsonAsync($"/threads/{id}/state")).GetProperty("values").Conversation());
        }
    }

    [Fact]
    public async Task A_wait_answers_the_values_and_says_where_to_join()
    {
        var id = await client.NewThreadAsync();
        using var response = await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("hello") });
        var place = response.Header("Content-Location");
        Assert.Equal(place + "/join", response.Header("Location"));
        var values = await response.JsonAsync();
        Assert.Equal(["human: hello", "ai: echo: hello"], values.Conversation());
        Assert.Equal(values.GetRawText(), (await client.GetJsonAsync(place + "/join")).GetRawText());
    }

    [Fact]
    public async Task Trap_4_a_failure_is_told_in_the_body_of_a_200()
    {
        var id = await client.NewThreadAsync();
        var told = await client.AnswerAsync(id, "fail boom");
        Assert.Equal(["__error__"], told.Members());
        Assert.Equal("boom", told.GetProperty("__error__").Text("message"));
        Assert.NotEqual("", told.GetProperty("__error__").Text("error"));

        var run = (await client.GetJsonAsync($"/threads/{id}/runs"))[0];
        Assert.Equal(("error", "boom"), (run.Text("status"), run.Text("error")));
        var thread = await client.GetJsonAsync($"/threads/{id}");
        Assert.Equal(("error", "boom"), (thread.Text("status"), thread.Text("error")));
        await client.AnswerAsync(id, "again");
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{id}")).Text("status"));
    }

    [Fact]
    public async Task Trap_3_nothing_to_show_is_an_empty_object_and_never_null()
    {
        var id = await client.NewThreadAsync();
        var run = (await client.PostAsync($"/threads/{id}/runs", new { assistant_id = "echo", after_seconds = 60 }).OkAsync()).Text("run_id");
        await client.PostAsync($"/threads/{id}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("{}", (await client.GetJsonAsync($"/threads/{id}/runs/{run}/join")).GetRawText());
    }

    [Fact]
    public async Task Trap_6_the_headers_of_a_wait_come_before_the_run_has_ended()
    {
        var id = await client.NewThreadAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/threads/{id}/runs/wait")
        {
            Content = new StringContent("""{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"sleep 60"}]}}""", null, "application/json"),
        };
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var run = response.Header("Content-Location");
        // Before it starts it has nothing to show.
        await Until.TrueAsync(async () => (await client.GetJsonAsync(run)).Text("status") == "running", TestContext.Current.CancellationToken);
        await client.PostAsync($"{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal(["human: sleep 60"], (await response.JsonAsync()).Conversation());
    }

    [Fact]
    public async Task A_wait_for_an_existing_run_answers_the_envelope()
    {
        var id = await client.NewThreadAsync();
        var run = await client.StartAsync(id, "hello");
        var envelope = await client.GetJsonAsync($"/threads/{id}/runs/{run}/wait");
        Assert.Equal(["run", "values", "messages", "status"], envelope.Members());
        Assert.Equal(("success", "success", "{}"), (envelope.Text("status"), envelope.GetProperty("run").Text("status"), envelope.GetProperty("values").GetRawText()));
        Assert.Equal(2, envelope.GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task Runs_are_listed_newest_first_paged_filtered_and_cut_to_members()
    {
        var id = await client.NewThreadAsync();
        await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("a"), metadata = new { kind = "first" } }).OkAsync();
        await client.AnswerAsync(id, "fail b");
        await client.AnswerAsync(id, "c");
        var all = await client.GetJsonAsync($"/threads/{id}/runs");
        Assert.Equal(["success", "error", "success"], all.EnumerateArray().Select(run => run.Text("status")));
        Assert.Equal([all[1].GetRawText()], (await client.GetJsonAsync($"/threads/{id}/runs?limit=1&offset=1")).EnumerateArray().Select(run => run.GetRawText()));
        Assert.Equal([all[1].GetRawText()], (await client.GetJsonAsync($"/threads/{id}/runs?status=error")).EnumerateArray().Select(run => run.GetRawText()));
        Assert.Equal([all[2].GetRawText()], (await client.GetJsonAsync($"/threads/{id}/runs?metadata={Uri.EscapeDataString("{\"kind\":\"first\"}")}")).EnumerateArray().Select(run => run.GetRawText()));
        // Trap 8: both dialects of a list.
        foreach (var select in new[] { "select=[\"run_id\",\"status\"]", "select=run_id&select=status", "select=run_id,status" })
        {
            Assert.Equal(["run_id", "status"], (await client.GetJsonAsync($"/threads/{id}/runs?{select}"))[0].Members());
        }
    }

    [Fact]
    public async Task Trap_7_cancel_without_wait_is_202_and_with_wait_204_when_the_run_has_ended()
    {
        foreach (var (query, status) in new[] { ("", HttpStatusCode.Accepted), ("?wait=0", HttpStatusCode.Accepted), ("?wait=1", HttpStatusCode.NoContent), ("?wait=true&action=interrupt", HttpStatusCode.NoContent) })
        {
            var id = await client.NewThreadAsync();
            var run = await client.StartAsync(id, "sleep 60");
            await client.WaitForStatusAsync(id, run, "running");
            await client.PostAsync($"/threads/{id}/runs/{run}/cancel{query}").EmptyAsync(status);
            if (status == HttpStatusCode.NoContent)
            {
                Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{id}/runs/{run}")).Text("status"));
            }

            await client.WaitForStatusAsync(id, run, "interrupted");
            // Once ended, the same again has no effect and is no failure.
            await client.PostAsync($"/threads/{id}/runs/{run}/cancel{query}").EmptyAsync(status);
            Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{id}")).Text("status"));
        }
    }

    [Fact]
    public async Task Trap_58_a_run_that_was_rolled_back_is_unknown_and_its_stream_has_ended()
    {
        var id = await client.NewThreadAsync();
        await client.AnswerAsync(id, "base");
        using var stream = await client.OpenAsync(HttpMethod.Post, $"/threads/{id}/runs/stream", new { assistant_id = "echo", input = Protocol.Say("sleep 60") });
        var place = stream.Header("Content-Location");
        await client.WaitForStatusAsync(id, place[^36..], "running");
        await client.PostAsync($"{place}/cancel?wait=1&action=rollback").EmptyAsync(HttpStatusCode.NoContent);
        Assert.DoesNotContain(await stream.EventsAsync().ToListAsync(TestContext.Current.CancellationToken), item => item.Name == "error");
        foreach (var path in new[] { "", "/join", "/wait", "/stream" })
        {
            await client.SendAsync(HttpMethod.Get, place + path).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        var state = await client.GetJsonAsync($"/threads/{id}/state");
        Assert.Equal(["human: base", "ai: echo: base"], state.GetProperty("values").Conversation());
        Assert.Equal(3, (await client.GetJsonAsync($"/threads/{id}/history")).GetArrayLength());
    }

    [Fact]
    public async Task An_active_run_is_deleted_only_by_force()
    {
        var id = await client.NewThreadAsync();
        var run = await client.StartAsync(id, "sleep 60");
        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}/runs/{run}").RefusedAsync(HttpStatusCode.Conflict, "conflict");
        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}/runs/{run}?force=1").EmptyAsync(HttpStatusCode.NoContent);
        await client.SendAsync(HttpMethod.Get, $"/threads/{id}/runs/{run}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{id}")).Text("status"));
    }

    [Fact]
    public async Task Trap_19_an_interrupting_run_keeps_what_the_user_had_said()
    {
        var id = await client.NewThreadAsync();
        var old = await client.StartAsync(id, "sleep 60 first");
        await client.WaitForStatusAsync(id, old, "running");
        var values = await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("now this"), multitask_strategy = "interrupt" }).OkAsync();
        Assert.Equal(["human: sleep 60 first", "human: now this", "ai: echo: now this"], values.Conversation());
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{id}/runs/{old}")).Text("status"));
    }

    [Fact]
    public async Task An_update_of_a_sleeping_run_answers_at_once()
    {
        var id = await client.NewThreadAsync();
        var started = Stopwatch.GetTimestamp();
        var old = await client.StartAsync(id, "sleep 30");
        await client.WaitForStatusAsync(id, old, "running");
        await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("x"), multitask_strategy = "interrupt" }).OkAsync();
        // Promised in 2 s; ten times that leaves room for a busy machine.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Trap_22_a_run_on_a_busy_thread_waits_its_turn_by_default()
    {
        var id = await client.NewThreadAsync();
        var first = await client.StartAsync(id, "sleep 0.3 a");
        var second = await client.StartAsync(id, "b");
        Assert.Equal(("pending", "busy"), ((await client.GetJsonAsync($"/threads/{id}/runs/{second}")).Text("status"), (await client.GetJsonAsync($"/threads/{id}")).Text("status")));
        var values = await client.GetJsonAsync($"/threads/{id}/runs/{second}/join");
        Assert.Equal(["human: sleep 0.3 a", "ai: echo: sleep 0.3 a", "human: b", "ai: echo: b"], values.Conversation());
        Assert.Equal("success", (await client.GetJsonAsync($"/threads/{id}/runs/{first}")).Text("status"));
    }

    [Fact]
    public async Task Of_many_rejecting_runs_one_gets_the_thread()
    {
        var id = await client.NewThreadAsync();
        var tries = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ =>
            client.PostAsync($"/threads/{id}/runs", new { assistant_id = "echo", input = Protocol.Say("sleep 60"), multitask_strategy = "reject" })));
        Assert.Equal(19, tries.Count(response => response.StatusCode == HttpStatusCode.Conflict));
        await tries.First(response => response.StatusCode == HttpStatusCode.Conflict).RefusedAsync(HttpStatusCode.Conflict, "conflict");
        Assert.Equal(1, (await client.GetJsonAsync($"/threads/{id}/runs")).GetArrayLength());
        await client.SendAsync(HttpMethod.Delete, $"/threads/{id}").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_missing_thread_is_created_only_when_that_was_asked_for()
    {
        var id = Guid.NewGuid();
        await client.PostAsync($"/threads/{id}/runs", new { assistant_id = "echo" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync($"/threads/{id}/runs/wait", new { assistant_id = "echo", input = Protocol.Say("x"), if_not_exists = "create" }).OkAsync();
        Assert.Equal("echo", (await client.GetJsonAsync($"/threads/{id}")).GetProperty("metadata").Text("graph_id"));
    }

    [Fact]
    public async Task Trap_21_unknown_members_of_the_input_are_kept_in_the_request()
    {
        // wire-contract 13.2, 13.12
        var id = await client.NewThreadAsync();
        const string Input = """{"messages":[{"role":"user","content":"x"}],"callbackThreadId":"t-1","n":1.0}""";
        var run = await client.PostAsync($"/threads/{id}/runs", $$"""{"assistant_id":"echo","input":{{Input}}}""").OkAsync();
        Assert.Equal(Input, run.GetProperty("input").GetRawText());
        Assert.Equal(Input, run.GetProperty("kwargs").GetProperty("input").GetRawText());
        Assert.Equal(["human: x", "ai: echo: x"], (await client.GetJsonAsync($"/threads/{id}/runs/{run.Text("run_id")}/join")).Conversation());
    }

    [Fact]
    public async Task Private_keys_of_a_configuration_are_echoed_nowhere()
    {
        var id = await client.NewThreadAsync();
        var run = await client.PostAsync(
            $"/threads/{id}/runs", new { assistant_id = "echo", input = Protocol.Say("x"), config = new { configurable = new { __key = "private", shown = 1 } } }).OkAsync();
        var thread = await client.GetJsonAsync($"/threads/{id}");
        Assert.Equal(1, thread.GetProperty("config").GetProperty("configurable").GetProperty("shown").GetInt32());
        Assert.DoesNotContain("private", run.GetRawText() + thread.GetRawText(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("/stream")]
    [InlineData("/wait")]
    public async Task Trap_5_refusals_are_final_and_come_before_the_first_byte(string kind)
    {
        var id = await client.NewThreadAsync();
        await client.PostAsync($"/threads/{id}/runs{kind}", new { assistant_id = "nobody" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync($"/threads/{Guid.NewGuid()}/runs{kind}", new { assistant_id = "echo" }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync($"/threads/x/runs{kind}", new { assistant_id = "echo" }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        await client.PostAsync($"/threads/{id}/runs{kind}", "{").RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
        var error = await client.PostAsync($"/threads/{id}/runs{kind}", """{"assistant_id":"echo","interrupt_before":7,"command":[]}""")
            .RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.command", "body.interrupt_before"], error.Locations().Order(StringComparer.Ordinal));
        Assert.Equal("[]", (await client.GetJsonAsync($"/threads/{id}/runs")).GetRawText());
    }

    [Fact]
    public async Task A_run_is_known_on_its_own_thread_only()
    {
        var (id, other) = (await client.NewThreadAsync(), await client.NewThreadAsync());
        var run = await client.StartAsync(id, "x");
        foreach (var path in new[] { "", "/join", "/wait", "/stream" })
        {
            await client.SendAsync(HttpMethod.Get, $"/threads/{other}/runs/{run}{path}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        await client.PostAsync($"/threads/{other}/runs/{run}/cancel").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Delete, $"/threads/{other}/runs/{run}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task Two_hundred_sleeping_runs_sleep_at_the_same_time()
    {
        var started = Stopwatch.GetTimestamp();
        var waits = Enumerable.Range(0, 200).Select(i => client.PostAsync(
            "/runs/wait", new { assistant_id = "echo", input = Protocol.Say(string.Create(CultureInfo.InvariantCulture, $"sleep 3 {i}")) }).OkAsync());
        foreach (var values in await Task.WhenAll(waits))
        {
            Assert.Equal(2, values.Conversation().Length);
        }

        // Promised in 4.5 s; ten times that leaves room for a busy machine, and one after the other would take 600.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(45));
    }
}
