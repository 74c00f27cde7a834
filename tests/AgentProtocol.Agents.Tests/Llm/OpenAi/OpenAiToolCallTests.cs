using System.Text.Json;
using AgentProtocol.Agents.Llm.Models;
using AgentProtocol.Agents.Tests.Llm.Models;
using AgentProtocol.Testing.OpenAi;
using Microsoft.Extensions.AI;
using static AgentProtocol.Testing.OpenAi.OpenAiReply;

namespace AgentProtocol.Agents.Tests.Llm.OpenAi;

public class OpenAiToolCallTests
{
    [Fact]
    public async Task Fragments_become_whole_calls_behind_the_text()
    {
        var updates = await AskAsync(Chunks(
            Role(), Piece("Let me see."),
            CallPiece(0, "c1", "add", ""), CallPiece(0, null, null, """{"a": 1"""), CallPiece(1, "c2", "now", null), CallPiece(0, null, null, ".50}"),
            Finish("tool_calls"), Usage(11, 7)));

        Assert.Equal("Let me see.", updates.Text());
        Assert.Equal(["c1 add {\"a\":1.50}", "c2 now {}"], updates.Calls().Select(call => $"{call.CallId} {call.Name} {call.Json()}"));
        Assert.All(updates.Calls(), call => Assert.Null(call.Exception));
        var response = updates.ToChatResponse();
        Assert.Equal((ChatFinishReason.ToolCalls, 18), (response.FinishReason, response.Usage!.TotalTokenCount));
        Assert.Equal(3, Assert.Single(response.Messages).Contents.Count(content => content is TextContent or FunctionCallContent));
    }

    [Fact]
    public async Task Calls_that_all_have_the_number_0_are_told_apart_by_their_ids()
    {
        var updates = await AskAsync(Chunks(
            CallPiece(0, "c1", "add", """{"a":1}"""), CallPiece(0, "c2", "add", """{"a":"""), CallPiece(0, "c2", "add", "2}"), Finish("stop")));

        Assert.Equal(["c1 {\"a\":1}", "c2 {\"a\":2}"], updates.Calls().Select(call => $"{call.CallId} {call.Json()}"));
    }

    [Fact]
    public async Task Call_without_an_id_gets_one()
    {
        var call = Assert.Single((await AskAsync(Chunks(CallPiece(0, null, "now", "{}"), Finish("tool_calls")))).Calls());

        Assert.StartsWith("call_", call.CallId, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("null")]
    public async Task No_arguments_are_arguments(string arguments)
    {
        var call = Assert.Single((await AskAsync(Calling(("c1", "now", arguments)))).Calls());

        Assert.Empty(call.Arguments!);
        Assert.Null(call.Exception);
    }

    [Theory]
    [InlineData("""{"a": 1""", "not valid JSON")]
    [InlineData("add one", "not valid JSON")]
    [InlineData("[1]", "not an object")]
    [InlineData("\"{}\"", "not an object")]
    public async Task Malformed_arguments_are_kept_with_what_is_wrong(string arguments, string problem)
    {
        var call = Assert.Single((await AskAsync(Calling(("c1", "add", arguments)))).Calls());

        Assert.Contains(problem, call.Exception!.Message, StringComparison.Ordinal);
        Assert.Equal(("c1", "add", arguments), (call.CallId, call.Name, WrittenArguments.RawOf(call)));
        Assert.Null(call.Arguments);
    }

    [Fact]
    public async Task Calls_of_an_answer_that_was_cut_off_are_not_made()
    {
        var updates = await AskAsync(Chunks(CallPiece(0, "c1", "add", """{"a":1}""")));

        Assert.Empty(updates.Calls());
        Assert.All(updates, update => Assert.Null(update.FinishReason));
    }

    [Fact]
    public async Task History_carries_each_result_behind_its_call()
    {
        await using var stub = await OpenAiStub.StartAsync(Saying("ok"));
        using var model = ChatModel.Of(stub);

        await model.AskAsync(
        [
            new ChatMessage(ChatRole.User, "go"),
            new ChatMessage(ChatRole.Assistant,
            [
                new TextContent("Let me see."),
                new FunctionCallContent("c1", "add", new Dictionary<string, object?> { ["a"] = JsonElement.Parse("1.50") }),
                WrittenArguments.Malformed("c2", "add", "{", new FormatException()),
            ]),
            new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c1", "3"), new FunctionResultContent("c2", JsonElement.Parse("""{"x":1}"""))]),
        ]);

        ChatModel.AssertJson(
            """
            [
              {"role":"user","content":"go"},
              {"role":"assistant","content":"Let me see.","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1.50}"}},
                {"id":"c2","type":"function","function":{"name":"add","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"3"},
              {"role":"tool","tool_call_id":"c2","content":"{\"x\":1}"}
            ]
            """,
            Assert.Single(stub.Requests).Body.GetProperty("messages"));
    }

    private static async Task<List<ChatResponseUpdate>> AskAsync(OpenAiReply reply)
    {
        await using var stub = await OpenAiStub.StartAsync(reply);
        using var model = ChatModel.Of(stub);
        return await model.AskAsync();
    }
}
