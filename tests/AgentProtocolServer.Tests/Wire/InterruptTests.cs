using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Runs that stop to wait for somebody, and runs that go on from there or from an older checkpoint (wire-contract 5.8 to 5.11).</summary>
public sealed class InterruptTests(ApprovalFixture fixture) : IClassFixture<ApprovalFixture>
{
    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_question_stops_the_run_and_its_answer_finishes_the_work()
    {
        var thread = await client.NewThreadAsync();
        var values = await WaitAsync(thread, new { input = Protocol.Say("act") });
        Assert.Equal("""[{"id":"approve","value":{"question":"approve"}}]""", values.GetProperty("__interrupt__").GetRawText());
        Assert.Equal(["human: act", "ai: "], values.Conversation());

        var paused = await client.GetJsonAsync($"/threads/{thread}");
        Assert.Equal("interrupted", paused.Text("status"));
        var (task, asked) = paused.GetProperty("interrupts").EnumerateObject().Select(member => (member.Name, member.Value)).Single();
        Assert.Equal("""[{"id":"approve","value":{"question":"approve"}}]""", asked.GetRawText());
        var state = await client.GetJsonAsync($"/threads/{thread}/state");
        Assert.Equal("""["tools"]""", state.GetProperty("next").GetRawText());
        Assert.Equal(task, state.GetProperty("tasks")[0].Text("id"));
        Assert.Equal(asked.GetRawText(), state.GetProperty("tasks")[0].GetProperty("interrupts").GetRawText());
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{thread}/runs"))[0].Text("status"));
        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync($"/threads/{thread}/runs"))[0].GetProperty("error").ValueKind);

        var done = await WaitAsync(thread, new { command = new { resume = "yes" } });
        Assert.Equal(["human: act", "ai: ", "tool: yes", "ai: done yes"], done.Conversation());
        var ended = await client.GetJsonAsync($"/threads/{thread}");
        Assert.Equal(("idle", "{}"), (ended.Text("status"), ended.GetProperty("interrupts").GetRawText()));
        var final = await client.GetJsonAsync($"/threads/{thread}/state");
        Assert.Equal(("[]", "[]"), (final.GetProperty("next").GetRawText(), final.GetProperty("tasks").GetRawText()));
    }

    [Fact]
    public async Task Answers_may_be_given_by_id_and_what_is_left_open_is_asked_again()
    {
        var thread = await client.NewThreadAsync();
        Assert.Equal(2, (await WaitAsync(thread, new { input = Protocol.Say("two") })).GetProperty("__interrupt__").GetArrayLength());

        var half = await WaitAsync(thread, new { command = new { resume = new { second = "b" } } });

        Assert.Equal("first", half.GetProperty("__interrupt__")[0].Text("id"));
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }

    [Fact]
    public async Task One_answer_without_ids_is_for_all_questions()
    {
        var thread = await client.NewThreadAsync();
        await WaitAsync(thread, new { input = Protocol.Say("two") });

        Assert.Equal("done ok, ok", (await WaitAsync(thread, new { command = new { resume = "ok" } })).Conversation()[^1]["ai: ".Length..]);
    }

    [Fact]
    public async Task A_run_stops_before_and_after_steps_and_goes_on_with_no_input()
    {
        var thread = await client.NewThreadAsync();
        object say = Protocol.Say("free");
        Assert.Equal(["human: free"], (await WaitAsync(thread, new { input = say, interrupt_before = new[] { "agent" } })).Conversation());
        await AssertPausedAsync(thread, "agent");
        Assert.Equal(["human: free", "ai: "], (await WaitAsync(thread, new { interrupt_after = new[] { "agent" } })).Conversation());
        await AssertPausedAsync(thread, "tools");
        Assert.Equal(["human: free", "ai: ", "tool: "], (await WaitAsync(thread, new { input = (object?)null, interrupt_before = "*" })).Conversation());
        await AssertPausedAsync(thread, "agent");
        Assert.Equal("done ", (await WaitAsync(thread, new { })).Conversation()[^1]["ai: ".Length..]);
        Assert.Equal("idle", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }

    [Fact]
    public async Task Going_on_with_a_finished_thread_succeeds_with_the_values_it_has()
    {
        var thread = await client.NewThreadAsync();
        await client.AnswerAsync(thread, "hello");

        var again = await client.PostAsync($"/threads/{thread}/runs/wait", new { assistant_id = "echo" }).OkAsync();

        Assert.Equal(["human: hello", "ai: echo: hello"], again.Conversation());
    }

    [Fact]
    public async Task An_answer_that_nobody_waits_for_is_refused()
    {
        var thread = await client.NewThreadAsync();
        await client.AnswerAsync(thread, "hello");
        await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo", command = new { resume = 1 } }).RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
        await client.PostAsync($"/threads/{Guid.NewGuid()}/runs", new { assistant_id = "echo", command = new { resume = 1 } }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.PostAsync("/runs", new { assistant_id = "echo", command = new { resume = 1 } }).RefusedAsync(HttpStatusCode.BadRequest, "bad_request");
    }

    [Fact]
    public async Task New_input_on_an_interrupted_thread_begins_a_new_turn()
    {
        var thread = await client.NewThreadAsync();
        await WaitAsync(thread, new { input = Protocol.Say("act") });

        var values = await WaitAsync(thread, new { input = Protocol.Say("free") });

        Assert.Equal("done ", values.Conversation()[^1]["ai: ".Length..]);
        Assert.False(values.TryGetProperty("__interrupt__", out _));
    }

    [Fact]
    public async Task Command_update_is_merged_and_the_run_succeeds()
    {
        var thread = await client.NewThreadAsync();
        await client.AnswerAsync(thread, "hello");

        var values = await client.PostAsync(
            $"/threads/{thread}/runs/wait", new { assistant_id = "echo", command = new { update = new object[] { new object[] { "seen", 1 }, new object[] { "seen", 2 } } } }).OkAsync();

        Assert.Equal(2, values.GetProperty("seen").GetInt32());
    }

    [Fact]
    public async Task A_pause_survives_a_rolled_back_attempt_to_resume()
    {
        var thread = await client.NewThreadAsync();
        await WaitAsync(thread, new { input = Protocol.Say("act") });
        var run = await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "approval", command = new { resume = "later" }, after_seconds = 600 }).OkAsync();
        await client.PostAsync($"/threads/{thread}/runs/{run.Text("run_id")}/cancel?action=rollback&wait=1").EmptyAsync(HttpStatusCode.NoContent);

        Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));
        Assert.Equal("ai: done yes", (await WaitAsync(thread, new { command = new { resume = "yes" } })).Conversation()[^1]);
    }

    [Fact]
    public async Task Events_show_the_question_and_never_in_the_state()
    {
        // wire-contract 13.35
        var thread = await client.NewThreadAsync();
        var events = await client.StreamAsync(
            HttpMethod.Post, $"/threads/{thread}/runs/stream",
            new { assistant_id = "approval", input = Protocol.Say("act"), stream_mode = new[] { "values", "updates" } });

        Assert.Equal("metadata values updates values updates values", string.Join(' ', events.Select(item => item.Name)));
        const string asked = """{"__interrupt__":[{"id":"approve","value":{"question":"approve"}}]}""";
        Assert.Equal((asked, asked), (events[^2].Text, events[^1].Text));
        Assert.False((await client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("values").TryGetProperty("__interrupt__", out _));
    }

    [Fact]
    public async Task A_run_from_an_older_checkpoint_branches_and_keeps_the_other_branch()
    {
        var thread = await client.NewThreadAsync();
        await client.AnswerAsync(thread, "one");
        var first = (await client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("checkpoint").Text("checkpoint_id");
        await client.AnswerAsync(thread, "two");
        var second = (await client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("checkpoint").Text("checkpoint_id");

        foreach (object from in new object[] { new { checkpoint = new { checkpoint_id = first } }, new { checkpoint_id = first }, new { config = new { configurable = new { checkpoint_id = first } } } })
        {
            var body = JsonSerializer.SerializeToElement(from).EnumerateObject().ToDictionary(member => member.Name, member => (object)member.Value);
            body["assistant_id"] = "echo";
            body["input"] = Protocol.Say("three");
            var values = await client.PostAsync($"/threads/{thread}/runs/wait", body).OkAsync();
            Assert.Equal(["human: one", "ai: echo: one", "human: three", "ai: echo: three"], values.Conversation());
        }

        var history = await client.GetJsonAsync($"/threads/{thread}/history?limit=100");
        Assert.Contains(history.EnumerateArray(), state => state.GetProperty("checkpoint").Text("checkpoint_id") == second);
        Assert.Equal(3, history.EnumerateArray().Count(state =>
            state.GetProperty("parent_checkpoint") is { ValueKind: JsonValueKind.Object } parent && parent.Text("checkpoint_id") == first
            && state.GetProperty("values").Conversation() is ["human: one", "ai: echo: one"] && state.GetProperty("metadata").Text("source") == "input") - 1);
        await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo", checkpoint_id = Guid.NewGuid() }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
    }

    [Fact]
    public async Task A_rolled_back_branch_gives_the_head_back()
    {
        var thread = await client.NewThreadAsync();
        await client.AnswerAsync(thread, "one");
        var first = (await client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("checkpoint").Text("checkpoint_id");
        await client.AnswerAsync(thread, "two");
        var run = (await client.PostAsync($"/threads/{thread}/runs", new { assistant_id = "echo", input = Protocol.Say("sleep 60"), checkpoint_id = first }).OkAsync()).Text("run_id");
        await client.WaitForStatusAsync(thread, run, "running");

        await client.PostAsync($"/threads/{thread}/runs/{run}/cancel?action=rollback&wait=1").EmptyAsync(HttpStatusCode.NoContent);

        Assert.Equal(
            ["human: one", "ai: echo: one", "human: two", "ai: echo: two"],
            (await client.GetJsonAsync($"/threads/{thread}/state")).GetProperty("values").Conversation());
    }

    private Task<JsonElement> WaitAsync(string thread, object run)
    {
        var body = JsonSerializer.SerializeToElement(run).EnumerateObject().ToDictionary(member => member.Name, member => (object?)member.Value);
        body["assistant_id"] = "approval";
        return client.PostAsync($"/threads/{thread}/runs/wait", body).OkAsync();
    }

    private async Task AssertPausedAsync(string thread, string node)
    {
        var state = await client.GetJsonAsync($"/threads/{thread}/state");
        Assert.Equal($"[\"{node}\"]", state.GetProperty("next").GetRawText());
        Assert.Equal("[]", state.GetProperty("tasks")[0].GetProperty("interrupts").GetRawText());
        Assert.Equal("interrupted", (await client.GetJsonAsync($"/threads/{thread}")).Text("status"));
    }
}
