using System.Text.Json;
using AgentProtocol.Testing.Agents;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>Rounds of calls that are stopped in their middle: what was done is kept, and only the rest is made again.</summary>
public sealed class StoppedRoundTests : IDisposable
{
    private readonly ScriptedChat model = new();
    private readonly TestTools tools = new();
    private readonly AgentThread thread = AgentThread.Asking("go");
    private readonly CancellationTokenSource stop = new();
    private readonly ManualResetEventSlim begun = new();
    private int waits;

    /// <summary>Waits until it is stopped; the second time it does not.</summary>
    private AIFunction Wait => AIFunctionFactory.Create(
        async (CancellationToken cancellationToken) =>
        {
            if (Interlocked.Increment(ref waits) == 1)
            {
                begun.Set();
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return "over";
        },
        "wait");

    public void Dispose()
    {
        stop.Dispose();
        begun.Dispose();
    }

    [Fact(Timeout = 30_000)]
    public async Task Results_that_were_there_are_kept_and_only_the_other_calls_are_made_again()
    {
        model.Answers(ScriptedChat.Call("c1", "wait", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}""")).Says("ok");
        var agent = AgentThread.Agent(model, Wait, tools.Add);

        await StopAsync(agent, happened => happened is AgentEvent.ToolFinished);
        Assert.Equal(["human: go", """ai: c1=wait({}) c2=add({"a":1,"b":2})""", "tool c2 success: 3"], thread.Lines);
        await thread.RunAsync(agent);

        Assert.Equal(["tool c2 success: 3", "tool c1 success: over", "ai: ok"], thread.Lines[2..]);
        Assert.Equal((1, 2), (tools.Added, waits));
    }

    [Fact(Timeout = 30_000)]
    public async Task Round_without_any_result_leaves_nothing()
    {
        model.CallsTool("c1", "wait", "{}");

        await StopAsync(AgentThread.Agent(model, Wait), happened => happened is AgentEvent.ToolStarted);

        Assert.Equal(["human: go", "ai: c1=wait({})"], thread.Lines);
    }

    [Fact(Timeout = 30_000)]
    public async Task Call_that_ignores_the_stop_does_not_hold_up_what_the_others_have_done()
    {
        TaskCompletionSource gate = new();
        var deaf = AIFunctionFactory.Create(
            async () =>
            {
                begun.Set();
                await gate.Task;
                return "at last";
            },
            "deaf");
        model.Answers(ScriptedChat.Call("c1", "deaf", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}"""));

        await StopAsync(
            AgentThread.Agent(model, deaf, tools.Add),
            happened => happened is AgentEvent.ToolFinished { CallId: "c2" },
            happened =>
            {
                if (happened is AgentEvent.StateUpdate { Node: "tools" })
                {
                    gate.TrySetResult();
                }
            });

        Assert.Equal(["tool c2 success: 3", "tool c1 success: at last"], thread.Lines[2..]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Draining_server_keeps_the_results_beside_a_call_that_is_handed_over()
    {
        using CancellationTokenSource draining = new();
        var child = AIFunctionFactory.Create(
            async () =>
            {
                if (Interlocked.Increment(ref waits) == 1)
                {
                    begun.Set();
                    await Task.Delay(Timeout.Infinite, draining.Token);
                }

                return "done";
            },
            "child");
        model.Answers(ScriptedChat.Call("c1", "child", "{}"), ScriptedChat.Call("c2", "add", """{"a":1,"b":2}""")).Says("ok");
        var agent = AgentThread.Agent(model, child, tools.Add);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => thread.RunAsync(
            agent,
            run => run with { Draining = draining.Token },
            happened =>
            {
                if (happened is AgentEvent.ToolFinished)
                {
                    begun.Wait(AgentRuns.TestToken);
                    draining.Cancel();
                }

                return false;
            }));
        Assert.Equal(["tool c2 success: 3"], thread.Lines[2..]);
        await thread.RunAsync(agent);

        Assert.Equal(["tool c2 success: 3", "tool c1 success: done", "ai: ok"], thread.Lines[2..]);
        Assert.Equal(1, tools.Added);
    }

    [Fact(Timeout = 30_000)]
    public async Task Decisions_stay_with_their_calls_when_some_of_these_are_made_already()
    {
        model.Answers(
                ScriptedChat.Call("c1", "add", """{"a":1,"b":2}"""), ScriptedChat.Call("c2", "wait", "{}"), ScriptedChat.Call("c3", "add", """{"a":5,"b":6}"""))
            .Says("ok");
        var agent = AgentThread.Agent(model, new ApprovalRequiredAIFunction(Wait), tools.AddWithApproval);
        var asked = Assert.Single((await thread.RunAsync(agent)).OfType<AgentEvent.Interrupt>());
        var answer = JsonElement.Parse("""[{"type":"approve"},{"type":"edit","edited_action":{"name":"wait","args":{"n":1}}},{"type":"reject","message":"no"}]""");
        AgentContext Resuming(AgentContext run) => run with { Interrupts = [new AgentInterrupt(asked.Id!, asked.Value, answer)] };

        await StopAsync(agent, happened => happened is AgentEvent.ToolFinished, with: Resuming);
        Assert.Equal(
            ["""ai: c1=add({"a":1,"b":2}) c2=wait({"n":1}) c3=add({"a":5,"b":6})""", "tool c1 success: 3", "tool c3 error: no"], thread.Lines[1..]);
        await thread.RunAsync(agent, Resuming);

        Assert.Equal(["tool c2 success: over", "ai: ok"], thread.Lines[4..]);
        Assert.Equal((1, 2), (tools.Added, waits));
    }

    [Fact(Timeout = 30_000)]
    public async Task Call_that_was_edited_into_one_of_a_tool_that_nobody_has_to_agree_to_keeps_its_decision()
    {
        model.Answers(ScriptedChat.Call("c1", "add", """{"a":1,"b":2}"""), ScriptedChat.Call("c2", "add", """{"a":3,"b":4}""")).Says("ok");
        var agent = AgentThread.Agent(model, Wait, tools.AddWithApproval);
        var asked = Assert.Single((await thread.RunAsync(agent)).OfType<AgentEvent.Interrupt>());
        var answer = JsonElement.Parse("""[{"type":"edit","edited_action":{"name":"wait","args":{}}},{"type":"approve"}]""");
        AgentContext Resuming(AgentContext run) => run with { Interrupts = [new AgentInterrupt(asked.Id!, asked.Value, answer)] };

        await StopAsync(agent, happened => happened is AgentEvent.ToolFinished, with: Resuming);
        await thread.RunAsync(agent, Resuming);

        Assert.Equal(["""ai: c1=wait({}) c2=add({"a":3,"b":4})""", "tool c2 success: 7", "tool c1 success: over", "ai: ok"], thread.Lines[1..]);
    }

    [Fact(Timeout = 30_000)]
    public async Task Rest_of_a_round_is_asked_for_under_an_id_of_its_own()
    {
        model.Answers(ScriptedChat.Call("c1", "add", """{"a":1,"b":2}"""), ScriptedChat.Call("c2", "wait", "{}"));
        var agent = AgentThread.Agent(model, new ApprovalRequiredAIFunction(Wait), tools.AddWithApproval);
        var first = Assert.Single((await thread.RunAsync(agent)).OfType<AgentEvent.Interrupt>());
        await StopAsync(
            agent,
            happened => happened is AgentEvent.ToolFinished,
            with: run => run with { Interrupts = [new AgentInterrupt(first.Id!, first.Value, JsonElement.Parse("true"))] });

        var rest = Assert.Single((await thread.RunAsync(agent)).OfType<AgentEvent.Interrupt>());

        Assert.NotEqual(first.Id, rest.Id);
        Assert.Equal("c2", Assert.Single(rest.Value.GetProperty("action_requests").EnumerateArray()).GetProperty("tool_call_id").GetString());
    }

    private async Task StopAsync(
        IAgent agent, Func<AgentEvent, bool> at, Action<AgentEvent>? then = null, Func<AgentContext, AgentContext>? with = null) =>
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => thread.RunAsync(
            agent,
            with,
            happened =>
            {
                if (at(happened))
                {
                    // A call that has not begun yet would not be begun any more, and be the first one of the next attempt.
                    begun.Wait(AgentRuns.TestToken);
                    stop.Cancel();
                }

                then?.Invoke(happened);
                return false;
            },
            stop.Token));
}
