using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Agents;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>Runs that go on where an earlier one was left: no model call that was finished is repeated.</summary>
public class ResumeTests
{
    private const string CallAdd = """{"type":"ai","id":"a1","content":"","tool_calls":[{"name":"add","args":{"a":1,"b":2},"id":"c1","type":"tool_call"},{"name":"add","args":{"a":3,"b":4},"id":"c2","type":"tool_call"}]}""";

    private readonly ScriptedChat model = new();
    private readonly TestTools tools = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Attempt_that_dies_after_any_checkpoint_repeats_no_model_call_before_it(int checkpoints)
    {
        var thread = AgentThread.Asking("go");
        var agent = AgentThread.Agent(model, tools.Add);
        Script(checkpoints);
        var committed = 0;

        // It dies while the next step is under way: at the latest with its model call, or its tools, already made.
        await thread.RunAsync(agent, killedAt: happened => happened is AgentEvent.StateUpdate && committed++ == checkpoints);
        await thread.RunAsync(agent);

        Assert.Equal("ai: 10", thread.Lines[^1]);
        Assert.Equal(checkpoints % 2 == 0 ? 4 : 3, model.Calls.Count);
        Assert.Equal(6, thread.Lines.Length);
    }

    [Fact]
    public async Task Only_the_calls_without_an_answer_are_made()
    {
        AgentThread thread = new(AgentRuns.Human("go"), CallAdd, """{"type":"tool","id":"t1","content":"3","tool_call_id":"c1","status":"success"}""");
        model.Says("ok");

        await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        Assert.Equal(1, tools.Added);
        Assert.Equal(["tool c1 success: 3", "tool c2 success: 7", "ai: ok"], thread.Lines[2..]);
    }

    [Theory]
    [InlineData("interrupted")]
    [InlineData("timeout")]
    [InlineData("error")]
    public async Task Answer_that_an_earlier_run_was_still_writing_is_no_answer(string reason)
    {
        AgentThread thread = new(AgentRuns.Human("go"), $$$"""{"type":"ai","id":"a1","content":"do","response_metadata":{"finish_reason":"{{{reason}}}"}}""");
        model.Says("done");

        await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        Assert.Equal("ai: done", thread.Lines[^1]);
        Assert.Equal(
            ["user: go", "assistant: do", "user: Your last answer was stopped before it was complete. Give it again, from its beginning to its end."],
            Assert.Single(model.Calls).Lines);
    }

    [Fact]
    public async Task Answer_that_is_there_is_not_given_again()
    {
        AgentThread thread = new(AgentRuns.Human("go"), """{"type":"ai","id":"a1","content":"done"}""");

        Assert.Empty(await thread.RunAsync(AgentThread.Agent(model, tools.Add)));
        Assert.Empty(model.Calls);
    }

    [Fact]
    public async Task Calls_that_were_stopped_before_somebody_spoke_are_not_made_and_the_model_is_told_so()
    {
        AgentThread thread = new(
            AgentRuns.Human("go"), CallAdd, """{"type":"human","id":"h2","content":"rather not"}""", """{"type":"tool","id":"t1","content":"3","tool_call_id":"c1","status":"success"}""");
        model.Says("ok");

        await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        Assert.Equal(0, tools.Added);
        Assert.Equal(
            [
                "user: go", """assistant: c1=add({"a":1,"b":2}) c2=add({"a":3,"b":4})""", "tool: c1=3",
                "tool: c2=This call has no result: the work was stopped, and it may or may not have been made.", "user: rather not",
            ],
            model.Calls[0].Lines);
        Assert.Equal("ai: ok", thread.Lines[^1]);
    }

    [Fact]
    public async Task Draining_server_begins_neither_a_model_call_nor_tools()
    {
        CancellationToken drained = new(canceled: true);
        var agent = AgentThread.Agent(model, tools.Add);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AgentThread.Asking("go").RunAsync(agent, run => run with { Draining = drained }));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => new AgentThread(AgentRuns.Human("go"), CallAdd).RunAsync(agent, run => run with { Draining = drained }));

        Assert.Empty(model.Calls);
        Assert.Equal(0, tools.Added);
    }

    [Fact]
    public async Task Run_that_stops_before_its_tools_goes_on_with_them()
    {
        var thread = AgentThread.Asking("go");
        var agent = AgentThread.Agent(model, tools.Add);
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says("3");

        await thread.RunAsync(agent, killedAt: happened => happened is AgentEvent.StepStarted { Node: "tools" });
        Assert.Equal(0, tools.Added);
        var events = await thread.RunAsync(agent, run => run with { ResumeNode = "tools" });

        Assert.Equal("tools", Assert.IsType<AgentEvent.StepStarted>(events[0]).Node);
        Assert.Equal((1, 2, "ai: 3"), (tools.Added, model.Calls.Count, thread.Lines[^1]));
    }

    [Fact]
    public void Agent_declares_its_steps_and_that_it_can_be_steered()
    {
        var plain = LlmAgents.Create("a", model);
        var withTools = LlmAgents.Create("a", model, new LlmAgentOptions { Tools = [tools.Add] });

        Assert.Equal(["agent"], plain.Nodes);
        Assert.Equal(["agent", "tools"], withTools.Nodes);
        Assert.True(plain.IsSteerable && withTools.IsSteerable);
    }

    /// <summary>Answers for both attempts: a model call whose answer was lost is the only one to be made again.</summary>
    private void Script(int checkpoints)
    {
        string[] calls = ["c1", "c2"];
        for (var turn = 0; turn < 3; turn++)
        {
            for (var times = checkpoints == turn * 2 ? 2 : 1; times > 0; times--)
            {
                _ = turn < 2 ? model.CallsTool(calls[turn], "add", """{"a":1,"b":2}""") : model.Says("10");
            }
        }
    }
}
