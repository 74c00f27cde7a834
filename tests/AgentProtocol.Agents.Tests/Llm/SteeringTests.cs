using System.Text.Json;
using AgentProtocol.Testing.Agents;

namespace AgentProtocol.Agents.Tests.Llm;

public class SteeringTests
{
    private readonly ScriptedChat model = new();
    private readonly TestTools tools = new();

    [Fact]
    public async Task Message_that_comes_during_tools_is_read_before_the_next_answer()
    {
        var thread = AgentThread.Asking("1+2?");
        TestInbox inbox = new(thread);
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says("3, in French: trois");
        var agent = AgentThread.Agent(model, tools.Add);

        await thread.RunAsync(agent, run => run with { Inbox = inbox.ThatGets("Answer in French too.", after: () => tools.Added == 1) });

        Assert.Equal(["human: 1+2?", """ai: c1=add({"a":1,"b":2})""", "tool c1 success: 3", "human: Answer in French too.", "ai: 3, in French: trois"], thread.Lines);
        Assert.Equal("user: Answer in French too.", model.Calls[1].Lines[^1]);
        Assert.Equal(2, model.Calls.Count);
    }

    [Fact]
    public async Task Message_that_comes_while_the_last_answer_is_written_is_answered_in_the_same_run()
    {
        var thread = AgentThread.Asking("hello");
        TestInbox inbox = new(thread);
        var isWriting = false;
        model.SaysAfter(
            () =>
            {
                isWriting = true;
                return Task.CompletedTask;
            },
            "hi").Says("bye");

        await thread.RunAsync(AgentThread.Agent(model), run => run with { Inbox = inbox.ThatGets("leave", after: () => isWriting) });

        Assert.Equal(["human: hello", "ai: hi", "human: leave", "ai: bye"], thread.Lines);
    }

    [Fact]
    public async Task Nothing_is_taken_while_a_call_has_no_answer()
    {
        var thread = AgentThread.Asking("1+2?");
        TestInbox inbox = new(thread);
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says("3");

        await thread.RunAsync(AgentThread.Agent(model, tools.Add), run => run with { Inbox = inbox.ThatGets("faster", after: () => model.Calls.Count == 1) });

        Assert.Equal(["ai", "tool", "human", "ai"], thread.Lines[1..].Select(line => line.Split(' ', ':')[0]));
    }

    [Fact]
    public async Task Message_that_is_removed_is_not_read_any_more()
    {
        var thread = AgentThread.Asking("1+2?");
        thread.Say("Ignore this.");
        TestInbox inbox = new(thread);
        model.CallsTool("c1", "add", """{"a":1,"b":2}""").Says("3");

        await thread.RunAsync(AgentThread.Agent(model, tools.Add), run => run with { Inbox = inbox.ThatLoses("h2", after: () => tools.Added == 1) });

        Assert.Equal(["user: 1+2?", "user: Ignore this."], model.Calls[0].Lines);
        Assert.Equal(["user: 1+2?", """assistant: c1=add({"a":1,"b":2})""", "tool: c1=3"], model.Calls[1].Lines);
    }

    /// <summary>Gets one message at a moment of the test's choice.</summary>
    private sealed class TestInbox(AgentThread thread) : IAgentInbox
    {
        private Func<bool> isThere = () => false;
        private Func<IReadOnlyList<JsonElement>>? take;

        public bool HasMessages => take is not null && isThere();

        public TestInbox ThatGets(string message, Func<bool> after)
        {
            (take, isThere) = (() => thread.Take(message), after);
            return this;
        }

        public TestInbox ThatLoses(string id, Func<bool> after)
        {
            (take, isThere) = (() => [JsonElement.Parse($$"""{"type":"remove","id":"{{id}}"}""")], after);
            return this;
        }

        public Task WaitAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<JsonElement>> TakeAsync(CancellationToken cancellationToken)
        {
            var taken = take!();
            take = null;
            return Task.FromResult(taken);
        }
    }
}
