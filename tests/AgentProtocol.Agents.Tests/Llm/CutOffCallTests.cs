using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Tests.Llm.Models;
using AgentProtocol.Testing.Anthropic;
using AgentProtocol.Testing.OpenAi;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>Answers that end in the middle of a call.</summary>
public class CutOffCallTests
{
    private readonly TestTools tools = new();
    private int cleared;

    private AIFunction Clear => AIFunctionFactory.Create((string? only = null) => Interlocked.Increment(ref cleared), "clear");

    [Theory]
    [InlineData("length", "")]
    [InlineData("length", """{"only":"a""")]
    [InlineData("content_filter", "")]
    [InlineData("content_filter", """{"only":"a""")]
    public async Task Call_without_all_its_arguments_is_not_made_and_the_model_is_told_why(string reason, string arguments)
    {
        await using var stub = await OpenAiStub.StartAsync(
            OpenAiReply.Chunks(
                OpenAiReply.CallPiece(0, "c1", "add", """{"a":1,"b":2}"""), OpenAiReply.CallPiece(1, "c2", "clear", arguments), OpenAiReply.Finish(reason)),
            OpenAiReply.Saying("ok"));
        using var model = ChatModel.Of(stub);

        var thread = await RunAsync(model);

        Assert.Equal("tool c1 success: 3", thread.Lines[2]);
        Assert.StartsWith($"tool c2 error: The answer was cut off (finish reason \"{reason}\") before this call was complete, so that it was not made.", thread.Lines[3], StringComparison.Ordinal);
        Assert.Equal("ai: ok", thread.Lines[^1]);
        Assert.Equal((1, 0), (tools.Added, cleared));
    }

    [Theory]
    [InlineData("")]
    [InlineData("""{"only":"a""")]
    public async Task The_same_holds_for_Anthropic(string arguments)
    {
        await using var stub = await AnthropicStub.StartAsync(
            AnthropicReply.Events(
            [
                AnthropicReply.Start(), .. AnthropicReply.Call(0, "c1", "add", """{"a":1,"b":2}"""), .. AnthropicReply.Call(1, "c2", "clear", arguments),
                .. AnthropicReply.Finish("max_tokens"),
            ]),
            AnthropicReply.Saying("ok"));
        using var model = ChatModel.Of(stub);

        var thread = await RunAsync(model);

        Assert.Contains("""tool c2 error: The answer was cut off (finish reason "length")""", thread.Lines[3], StringComparison.Ordinal);
        Assert.Equal((1, 0), (tools.Added, cleared));
    }

    [Fact]
    public async Task Call_without_arguments_is_made_when_the_answer_came_to_its_end()
    {
        await using var stub = await OpenAiStub.StartAsync(
            OpenAiReply.Chunks(OpenAiReply.CallPiece(0, "c1", "clear", ""), OpenAiReply.Finish("tool_calls")), OpenAiReply.Saying("ok"));
        using var model = ChatModel.Of(stub);

        await RunAsync(model);

        Assert.Equal(1, cleared);
    }

    private async Task<AgentThread> RunAsync(IChatClient model)
    {
        var thread = AgentThread.Asking("go");
        await thread.RunAsync(LlmAgents.Create("agent", model, new LlmAgentOptions { Tools = [tools.Add, Clear] }).Agent);
        return thread;
    }
}
