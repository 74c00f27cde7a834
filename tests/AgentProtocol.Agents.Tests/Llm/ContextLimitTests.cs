using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Agents;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

public class ContextLimitTests
{
    private const string LeftOut = "[This result of 4000 characters is left out to keep within the context limit.]";

    private readonly ScriptedChat model = new();

    private static AIFunction Read => AIFunctionFactory.Create((int page) => new string((char)('a' + page), 4000), "read");

    [Fact]
    public async Task Results_of_the_oldest_calls_are_left_out_first_and_it_is_said()
    {
        model.CallsTool("c0", "read", """{"page":0}""").CallsTool("c1", "read", """{"page":1}""").CallsTool("c2", "read", """{"page":2}""").Says("ok");
        var thread = AgentThread.Asking("read");
        RunLog log = new();

        // Of 10 tokens for each answer the model says nothing useful about the length of one, so it counts as 8 characters.
        var events = await thread.RunAsync(
            AgentThread.Agent(model, new LlmAgentOptions { Tools = [Read], ContextTokens = 1100 }), run => run with { Logger = log });

        Assert.Equal(["tool: c0=" + LeftOut, "tool: c1=" + new string('b', 4000), "tool: c2=" + new string('c', 4000)], model.Calls[3].Lines.Where(line => line.StartsWith("tool", StringComparison.Ordinal)));
        Assert.Equal("""{"context_trimmed":1}""", Assert.Single(events.OfType<AgentEvent.Custom>()).Data.GetRawText());
        Assert.Contains(log.Lines, line => line.StartsWith("1 results of tool calls are left out", StringComparison.Ordinal));
        Assert.Contains("tool c0 success: " + new string('a', 4000), thread.Lines);
    }

    [Fact]
    public async Task What_fits_is_left_as_it_is()
    {
        model.CallsTool("c0", "read", """{"page":0}""").Says("ok");

        var events = await AgentThread.Asking("read").RunAsync(AgentThread.Agent(model, new LlmAgentOptions { Tools = [Read], ContextTokens = 2000 }));

        Assert.Empty(events.OfType<AgentEvent.Custom>());
        Assert.Contains("tool: c0=" + new string('a', 4000), model.Calls[1].Lines);
    }

    [Fact]
    public async Task Overflow_is_tried_once_more_with_half()
    {
        model.CallsTool("c0", "read", """{"page":0}""").CallsTool("c1", "read", """{"page":1}""").Fails(new ContextOverflowException("too long")).Says("ok");
        var thread = AgentThread.Asking("read");

        var events = await thread.RunAsync(AgentThread.Agent(model, Read));

        Assert.Equal("ai: ok", thread.Lines[^1]);
        Assert.Equal("""{"context_trimmed":2}""", Assert.Single(events.OfType<AgentEvent.Custom>()).Data.GetRawText());
        Assert.Contains("tool: c0=" + LeftOut, model.Calls[3].Lines);
        Assert.DoesNotContain("tool: c0=" + LeftOut, model.Calls[2].Lines);
    }

    [Fact]
    public async Task Overflow_that_stays_ends_the_run_with_a_clear_reason()
    {
        model.Fails(new ContextOverflowException("Maximum context length is 8 tokens.")).Fails(new ContextOverflowException("Maximum context length is 8 tokens."));

        var failure = await Assert.ThrowsAsync<AgentException>(() => AgentThread.Asking("long").RunAsync(AgentThread.Agent(model)));

        Assert.Equal("The thread is too long for the model, even with the results of its tool calls left out: Maximum context length is 8 tokens.", failure.Message);
        Assert.False(failure.Retryable);
    }

    [Fact]
    public void Length_of_a_token_is_learned_from_what_the_model_counts()
    {
        List<ChatMessage> view = [new(ChatRole.Tool, [new FunctionResultContent("c1", new string('x', 3000))])];
        ContextWindow window = new(1000);
        Assert.Equal(0, window.Fit([.. view], 0));

        window.Learn(view, 0, inputTokens: 1500);

        Assert.Equal(1, window.Fit([.. view], 0));
    }
}
