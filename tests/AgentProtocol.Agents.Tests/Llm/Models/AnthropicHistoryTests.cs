using System.Text.Json;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Anthropic;

namespace AgentProtocol.Agents.Tests.Llm.Models;

/// <summary>Threads as Anthropic's API accepts them: it refuses empty texts, calls without results behind them, and answers to be gone on with.</summary>
public class AnthropicHistoryTests
{
    private readonly TestTools tools = new();

    [Fact]
    public async Task Results_of_one_answer_are_one_message_right_behind_it()
    {
        var messages = await SentAsync(
            AgentRuns.Human("go"),
            """{"type":"ai","id":"a1","content":"","tool_calls":[{"name":"add","args":{"a":1},"id":"c1"},{"name":"add","args":{"a":2},"id":"c2"}]}""",
            """{"type":"tool","id":"t1","content":"1","tool_call_id":"c1"}""",
            """{"type":"human","id":"h2","content":"rather not"}""");

        Assert.Equal(["user", "assistant", "user"], Merged(messages).Select(message => message.Role));
        Assert.Equal(["tool_use c1", "tool_use c2"], Merged(messages)[1].Blocks);
        Assert.Equal(["tool_result c1", "tool_result c2", "text rather not"], Merged(messages)[2].Blocks);
        Assert.Equal(["user", "assistant", "user", "user"], messages.Select(message => message.GetProperty("role").GetString()!));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \n")]
    public async Task Text_that_says_nothing_is_left_out(string text)
    {
        var nothing = JsonSerializer.Serialize(text);
        var messages = await SentAsync(
            AgentRuns.Human("go"),
            $$$"""{"type":"ai","id":"a1","content":{{{nothing}}},"response_metadata":{"finish_reason":"interrupted"}}""",
            $$"""{"type":"human","id":"h2","content":{{nothing}}}""",
            $$"""{"type":"ai","id":"a2","content":{{nothing}},"tool_calls":[{"name":"add","args":{},"id":"c1"}]}""",
            $$"""{"type":"tool","id":"t1","content":{{nothing}},"tool_call_id":"c1"}""",
            """{"type":"human","id":"h3","content":"well?"}""");

        Assert.Equal(["text go", "tool_use c1", "tool_result c1", "text well?"], Merged(messages).SelectMany(message => message.Blocks));
    }

    [Fact]
    public async Task Blank_answer_that_was_stopped_leaves_the_question_as_the_last_message()
    {
        var messages = await SentAsync(
            AgentRuns.Human("go"), """{"type":"ai","id":"a1","content":" ","response_metadata":{"finish_reason":"interrupted"}}""");

        Assert.Equal("user", Merged(messages)[^1].Role);
        Assert.DoesNotContain(Merged(messages).SelectMany(message => message.Blocks), string.IsNullOrWhiteSpace);
    }

    private static List<(string Role, List<string> Blocks)> Merged(IReadOnlyList<JsonElement> messages)
    {
        // The API takes neighbours of one role for one message.
        List<(string Role, List<string> Blocks)> merged = [];
        foreach (var message in messages)
        {
            var role = message.GetProperty("role").GetString()!;
            if (merged.Count == 0 || merged[^1].Role != role)
            {
                merged.Add((role, []));
            }

            var content = message.GetProperty("content");
            merged[^1].Blocks.AddRange(content.ValueKind == JsonValueKind.String ? [$"text {content}"] : content.EnumerateArray().Select(Block));
        }

        return merged;
    }

    private static string Block(JsonElement block) => block.GetProperty("type").GetString() switch
    {
        "text" => $"text {block.GetProperty("text")}",
        "tool_use" => $"tool_use {block.GetProperty("id")}",
        "tool_result" => $"tool_result {block.GetProperty("tool_use_id")}",
        var type => type!,
    };

    /// <summary>What is sent for a thread.</summary>
    private async Task<IReadOnlyList<JsonElement>> SentAsync(params string[] messages)
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Saying("ok"));
        using var model = ChatModel.Of(stub);
        await new AgentThread(messages).RunAsync(LlmAgents.Create("agent", model, new LlmAgentOptions { Tools = [tools.Add] }).Agent);
        return Assert.Single(stub.Requests).Messages;
    }
}
