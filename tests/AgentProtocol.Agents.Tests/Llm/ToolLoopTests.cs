using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.Tools;
using AgentProtocol.Testing.Agents;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

public class ToolLoopTests
{
    private readonly ScriptedChat model = new();
    private readonly TestTools tools = new();

    [Fact]
    public async Task Tools_are_called_until_the_model_calls_none_with_a_checkpoint_for_each_step()
    {
        model.Answers(new TextContent("Let me see. "), ScriptedChat.Call("c1", "add", """{"a":1,"b":2}""")).CallsTool("c2", "add", """{"a":3,"b":4}""").Says("7");
        var thread = AgentThread.Asking("1+2+4?");

        var events = await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        Assert.Equal(
            ["human: 1+2+4?", """ai: Let me see. c1=add({"a":1,"b":2})""", "tool c1 success: 3", """ai: c2=add({"a":3,"b":4})""", "tool c2 success: 7", "ai: 7"],
            thread.Lines);
        Assert.Equal(
            ["started agent", "agent", "started tools", "tools", "started agent", "agent", "started tools", "tools", "started agent", "agent"],
            events.Select(Step).OfType<string>());
        Assert.Equal(
            ["""user: 1+2+4?""", """assistant: Let me see.  c1=add({"a":1,"b":2})""", "tool: c1=3", """assistant: c2=add({"a":3,"b":4})""", "tool: c2=7"],
            model.Calls[2].Lines);
        Assert.Equal(new AgentEvent.Usage(30, 15), events.OfType<AgentEvent.Usage>().Aggregate((sum, each) => new(sum.InputTokens + each.InputTokens, sum.OutputTokens + each.OutputTokens)));
        Assert.Equal("add", Assert.Single(model.Calls[0].Options!.Tools!).Name);
    }

    [Fact]
    public async Task Calls_and_results_have_the_form_of_the_wire()
    {
        model.CallsTool("c1", "add", """{"a":1.0,"b":2}""").Says("3");
        var thread = AgentThread.Asking("1+2?");

        var events = await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        var updates = events.OfType<AgentEvent.StateUpdate>().Select(update => update.Update.GetProperty("messages")[0]).ToList();
        Assert.Equal("""[{"name":"add","args":{"a":1.0,"b":2},"id":"c1","type":"tool_call"}]""", updates[0].GetProperty("tool_calls").GetRawText());
        Assert.Equal("""{"input_tokens":10,"output_tokens":5,"total_tokens":15}""", updates[0].GetProperty("usage_metadata").GetRawText());
        Assert.False(updates[0].TryGetProperty("invalid_tool_calls", out _));
        Assert.Equal(
            $$"""{"type":"tool","id":"{{updates[1].GetProperty("id").GetGuid()}}","content":"3","tool_call_id":"c1","name":"add","status":"success"}""",
            updates[1].GetRawText());
    }

    [Fact]
    public async Task Calls_of_one_answer_run_at_once_and_their_results_keep_the_order_of_the_calls()
    {
        TaskCompletionSource second = new();
        var first = AIFunctionFactory.Create(
            async () =>
            {
                await second.Task.WaitAsync(TimeSpan.FromSeconds(30));
                return "one";
            },
            "first");
        var other = AIFunctionFactory.Create(
            () =>
            {
                second.SetResult();
                return "two";
            },
            "second");
        model.Answers(ScriptedChat.Call("c1", "first", "{}"), ScriptedChat.Call("c2", "second", "{}")).Says("done");
        var thread = AgentThread.Asking("go");

        var events = await thread.RunAsync(AgentThread.Agent(model, first, other));

        Assert.Equal(["tool c1 success: one", "tool c2 success: two"], thread.Lines[2..4]);
        Assert.Equal(["c1", "c2"], events.OfType<AgentEvent.ToolStarted>().Select(call => call.CallId).Order());
        Assert.Equal(["c1", "c2"], events.OfType<AgentEvent.ToolFinished>().Select(call => call.CallId).Order());
        Assert.Equal(2, events.Count(e => e is AgentEvent.StateUpdate { Node: "agent" }));
    }

    [Fact]
    public async Task Tool_that_fails_is_an_answer_to_the_model_and_not_the_end_of_the_run()
    {
        model.Answers(ScriptedChat.Call("c1", "print", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}""")).Says("No paper, but 3.");
        var thread = AgentThread.Asking("print");

        var events = await thread.RunAsync(AgentThread.Agent(model, TestTools.Fail, tools.Add));

        Assert.Equal(["tool c1 error: Out of paper.", "tool c2 success: 3", "ai: No paper, but 3."], thread.Lines[2..]);
        Assert.Equal([new AgentEvent.ToolFailed("c1", "Out of paper.")], events.OfType<AgentEvent.ToolFailed>());
    }

    [Fact]
    public async Task Tool_that_does_not_exist_is_answered_with_those_that_do()
    {
        model.CallsTool("c1", "subtract", "{}").Says("ok");
        var thread = AgentThread.Asking("2-1?");

        await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        Assert.Equal("tool c1 error: There is no tool \"subtract\". There are: add.", thread.Lines[2]);
    }

    [Fact]
    public async Task Call_that_cannot_be_read_is_kept_as_invalid_and_the_model_is_told_what_is_wrong()
    {
        FunctionCallContent broken = new("c1", "add")
        {
            Exception = new FormatException("The arguments are not valid JSON."),
            AdditionalProperties = new() { ["arguments"] = "{\"a\":1," },
        };
        model.Answers(broken).CallsTool("c2", "add", """{"a":1,"b":2}""").Says("3");
        var thread = AgentThread.Asking("1+2?");

        var events = await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        var message = events.OfType<AgentEvent.StateUpdate>().First().Update.GetProperty("messages")[0];
        Assert.False(message.TryGetProperty("tool_calls", out _));
        Assert.Equal(("c1", "add", "{\"a\":1,"), (Member("id"), Member("name"), Member("args")));
        Assert.Equal("tool c1 error: The arguments are not valid JSON. This is what was written: {\"a\":1,", thread.Lines[2]);
        Assert.Equal("assistant: c1=add({})", model.Calls[1].Lines[1]);
        Assert.Equal(1, tools.Added);

        string Member(string name) => message.GetProperty("invalid_tool_calls")[0].GetProperty(name).GetString()!;
    }

    [Fact]
    public async Task Ids_that_a_server_uses_again_are_replaced()
    {
        model.CallsTool("0", "add", """{"a":1,"b":2}""").Answers(ScriptedChat.Call("0", "add", """{"a":3,"b":4}"""), ScriptedChat.Call("", "add", """{"a":5,"b":6}""")).Says("ok");
        var thread = AgentThread.Asking("go");

        var events = await thread.RunAsync(AgentThread.Agent(model, tools.Add));

        var ids = events.OfType<AgentEvent.ToolFinished>().Select(call => call.CallId).ToList();
        Assert.Equal(3, ids.Distinct().Count());
        Assert.DoesNotContain("", ids);
        Assert.Equal(["tool 0 success: 3", "success: 7", "success: 11"], thread.Lines.Where(line => line.StartsWith("tool", StringComparison.Ordinal)).Select((line, index) => index == 0 ? line : line[line.IndexOf("success", StringComparison.Ordinal)..]));
    }

    [Fact]
    public async Task Turn_limit_ends_a_model_that_calls_forever()
    {
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").CallsTool("c2", "add", """{"a":1,"b":2}""").Says("never");
        var thread = AgentThread.Asking("go");
        var agent = AgentThread.Agent(model, new LlmAgentOptions { Tools = [tools.Add], MaxTurns = 2 });

        var failure = await Assert.ThrowsAsync<AgentException>(() => thread.RunAsync(agent));

        Assert.Equal(("The agent has not come to an end within 2 turns of its model (maxTurns).", false), (failure.Message, failure.Retryable));
        Assert.Equal(2, model.Calls.Count);
        thread.Say("And now?");
        Assert.Equal("ai: never", (await RunAgainAsync())[^1]);

        async Task<string[]> RunAgainAsync()
        {
            await thread.RunAsync(agent);
            return thread.Lines;
        }
    }

    [Theory]
    [InlineData("""{"recursion_limit":3}""", 2)]
    [InlineData("""{"recursion_limit":1}""", 1)]
    [InlineData("""{"recursion_limit":100}""", 5)]
    [InlineData("""{"recursion_limit":"x"}""", 5)]
    [InlineData("{}", 5)]
    public void Recursion_limit_lowers_the_turn_limit(string config, int turns) =>
        Assert.Equal(turns, TurnLimit.For(5, System.Text.Json.JsonElement.Parse(config)));

    [Fact]
    public async Task Tool_finds_the_run_it_is_called_in()
    {
        var who = AIFunctionFactory.Create((AIFunctionArguments arguments) => $"{arguments.Run.AgentId} {arguments.CallId}", "who");
        model.CallsTool("c1", "who", "{}").Says("ok");
        var thread = AgentThread.Asking("who?");

        await thread.RunAsync(AgentThread.Agent(model, who));

        Assert.Equal("tool c1 success: agent c1", thread.Lines[2]);
    }

    [Fact]
    public async Task Cancelled_run_cancels_its_tools_and_waits_for_them()
    {
        TaskCompletionSource started = new(), stopped = new();
        var wait = AIFunctionFactory.Create(
            async (CancellationToken cancellationToken) =>
            {
                started.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ContinueWith(_ => stopped.SetResult(), TaskScheduler.Default);
                cancellationToken.ThrowIfCancellationRequested();
            },
            "wait");
        model.CallsTool("c1", "wait", "{}");
        using CancellationTokenSource cancel = new();
        var run = Task.Run(async () => await AgentThread.Agent(model, wait).RunAsync(AgentRuns.Saying("go"), cancel.Token).LastAsync(cancel.Token), AgentRuns.TestToken);
        await started.Task;

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.True(stopped.Task.IsCompleted);
    }

    [Theory]
    [InlineData("add", "add")]
    [InlineData("add.two", "fine")]
    public void Names_of_tools_are_checked_at_the_start(string first, string second)
    {
        var refusal = Assert.Throws<AgentConfigurationException>(
            () => AgentThread.Agent(model, AIFunctionFactory.Create(() => 1, first), AIFunctionFactory.Create(() => 2, second)));

        Assert.Contains($"\"{first}\"", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Model_of_the_host_is_handed_its_own_settings_and_nothing_of_ours()
    {
        model.Says("ok");
        var agent = AgentThread.Agent(model, new LlmAgentOptions { ChatOptions = new ChatOptions { AdditionalProperties = new() { ["mine"] = 1 } } });

        await AgentThread.Asking("go").RunAsync(agent, run => run with { Logger = new RunLog() });

        Assert.Equal("mine", Assert.Single(model.Calls[0].Options!.AdditionalProperties!.Keys));
    }

    private static string? Step(AgentEvent happened) => happened switch
    {
        AgentEvent.StepStarted started => $"started {started.Node}",
        AgentEvent.StateUpdate update => update.Node,
        _ => null,
    };
}
