using System.Text.Json;
using AgentProtocol.Agents.Llm.Models;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Anthropic;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.Time;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Tests.Llm.Models;

public class AnthropicTests
{
    private static readonly AIFunctionDeclaration Add = AIFunctionFactory.CreateDeclaration(
        "add", "Adds.", JsonElement.Parse("""{"type":"object","properties":{"a":{"type":"number"}},"required":["a"]}"""));

    [Fact]
    public async Task Answer_is_streamed_with_its_usage_and_its_end()
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Saying("Good ", "mörning"));
        using var model = ChatModel.Of(stub);

        var updates = await model.AskAsync();

        Assert.Equal(["Good ", "mörning"], updates.Select(update => update.Text).Where(text => text.Length > 0));
        var response = updates.ToChatResponse();
        Assert.Equal((11, 7), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.Equal((ChatFinishReason.Stop, "stub-model-1"), (response.FinishReason, response.ModelId));
        Assert.Contains(ChatModel.Key, Assert.Single(stub.Requests).Headers.Values.Select(value => value.Replace("Bearer ", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task History_tools_and_parameters_reach_the_server()
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Saying("ok"));
        using var model = ChatModel.Of(stub, ""","parameters":{"maxOutputTokens":77,"stop":["\n"],"parallelToolCalls":false,"reasoningEffort":"none"}""");

        await model.AskAsync(
            [
                new ChatMessage(ChatRole.System, "Be brief."),
                new ChatMessage(ChatRole.User, [new TextContent("look"), new DataContent("data:image/png;base64,iVBORw0KGgo=")]),
                new ChatMessage(ChatRole.Assistant, [new FunctionCallContent("c1", "add", new Dictionary<string, object?> { ["a"] = JsonElement.Parse("1") })]),
                new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c1", "3")]),
            ],
            new ChatOptions { Tools = [Add], ToolMode = ChatToolMode.RequireAny });

        var body = Assert.Single(stub.Requests).Body;
        Assert.Equal(("stub-model", 77), (body.GetProperty("model").GetString(), body.GetProperty("max_tokens").GetInt32()));
        Assert.Equal("Be brief.", body.GetProperty("system")[0].GetProperty("text").GetString());
        ChatModel.AssertJson("""["\n"]""", body.GetProperty("stop_sequences"));
        ChatModel.AssertJson("""{"type":"any","disable_parallel_tool_use":true}""", body.GetProperty("tool_choice"));
        Assert.Equal("add", body.GetProperty("tools")[0].GetProperty("name").GetString());
        Assert.Equal("image", body.GetProperty("messages")[0].GetProperty("content")[1].GetProperty("type").GetString());
        Assert.Equal("tool_use", body.GetProperty("messages")[1].GetProperty("content")[0].GetProperty("type").GetString());
        Assert.Equal("tool_result", body.GetProperty("messages")[2].GetProperty("content")[0].GetProperty("type").GetString());
    }

    [Fact]
    public async Task Calls_arrive_whole_and_in_order()
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Calling(("c1", "add", """{"a": 1.50}"""), ("c2", "now", "")));
        using var model = ChatModel.Of(stub);

        var updates = await model.AskAsync(new ChatOptions { Tools = [Add] });

        Assert.Equal(["c1 add", "c2 now"], updates.Calls().Select(call => $"{call.CallId} {call.Name}"));
        Assert.Equal(1.5, Assert.IsType<JsonElement>(updates.Calls()[0].Arguments!["a"]).GetDouble());
        Assert.All(updates.Calls(), call => Assert.Null(call.Exception));
        Assert.Equal(ChatFinishReason.ToolCalls, updates.ToChatResponse().FinishReason);
    }

    [Theory]
    [InlineData("""{"a": 1""")]
    [InlineData("[1]")]
    public async Task Malformed_arguments_are_kept_with_what_is_wrong(string arguments)
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Calling(("c0", "add", """{"a":0}"""), ("c1", "add", arguments)));
        using var model = ChatModel.Of(stub);

        var call = (await model.AskAsync(new ChatOptions { Tools = [Add] })).Calls()[1];

        Assert.IsType<FormatException>(call.Exception);
        Assert.Equal(("c1", "add", arguments), (call.CallId, call.Name, WrittenArguments.RawOf(call)));
    }

    [Theory(Timeout = 30_000)]
    [InlineData(429, "rate_limit_error")]
    [InlineData(529, "overloaded_error")]
    public async Task Overloaded_server_is_asked_again_when_it_says(int status, string type)
    {
        ManualTimeProvider clock = new();
        await using var stub = await AnthropicStub.StartAsync(
            AnthropicReply.Refusing(status, "Later", type).With("Retry-After", "7"), AnthropicReply.Saying("Here."));
        using var model = ChatModel.Of(stub, time: clock);

        var answer = model.AskAsync();

        // Another timer is that for the server's silence, due much later.
        await Until.TrueAsync(() => Task.FromResult(clock.Waits.Contains(TimeSpan.FromSeconds(7))), AgentRuns.TestToken);
        await AdvanceUntilAskedAgainAsync(clock, stub);
        Assert.Equal("Here.", (await answer).Text());
    }

    [Fact]
    public async Task Connection_that_breaks_before_the_answer_is_tried_again_and_then_named()
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Dropping());
        using AnthropicChatClient model = new(new Uri(stub.BaseUrl), "m", ChatModel.Key, TimeSpan.FromMinutes(1), TimeProvider.System);

        var failure = await model.FailAsync();

        Assert.IsType<ModelUnavailableException>(failure);
        Assert.Contains(" cannot be reached: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Connection_that_breaks_in_the_answer_is_worth_another_attempt()
    {
        var reply = AnthropicReply.Endless("Once upon ");
        await using var stub = await AnthropicStub.StartAsync(reply);
        using var model = ChatModel.Of(stub);
        await using var updates = model.GetStreamingResponseAsync("hello", cancellationToken: AgentRuns.TestToken).GetAsyncEnumerator(AgentRuns.TestToken);
        await UntilTextAsync(updates);
        reply.Drop();

        var failure = await Assert.ThrowsAnyAsync<AgentException>(() => ToEndAsync(updates));

        Assert.EndsWith(" broke the connection in the middle of the answer.", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
        Assert.Single(stub.Requests);
    }

    [Theory]
    [InlineData("overloaded_error", true)]
    [InlineData("api_error", true)]
    [InlineData("invalid_request_error", false)]
    public async Task Error_in_the_middle_of_the_stream_is_passed_on(string type, bool retryable)
    {
        await using var stub = await AnthropicStub.StartAsync(
            AnthropicReply.Events([AnthropicReply.Start(), .. AnthropicReply.Text(0, "Once "), AnthropicReply.Error("Out of breath.", type)]));
        using var model = ChatModel.Of(stub);

        var failure = await model.FailAsync();

        Assert.EndsWith(" failed in the middle of the answer: Out of breath.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(retryable, failure.Retryable);
        Assert.Single(stub.Requests);
    }

    [Fact(Timeout = 30_000)]
    public async Task Server_that_falls_silent_is_given_up_and_left_to_the_run()
    {
        ManualTimeProvider clock = new();
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Endless());
        using var model = ChatModel.Of(stub, ""","timeoutSeconds":30""", clock);

        var answer = model.FailAsync();
        await Until.TrueAsync(() => Task.FromResult(stub.Requests.Count == 1), AgentRuns.TestToken);
        while (!answer.IsCompleted)
        {
            // The parts that did arrive each start the wait anew.
            clock.Advance(TimeSpan.FromSeconds(30));
            await Task.Yield();
        }

        var failure = await answer;
        Assert.EndsWith(" was silent for too long.", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
        Assert.Single(stub.Requests);
    }

    [Fact(Timeout = 30_000)]
    public async Task Cancelled_run_closes_the_connection()
    {
        var reply = AnthropicReply.Endless("Once upon ");
        await using var stub = await AnthropicStub.StartAsync(reply);
        using var model = ChatModel.Of(stub);
        using CancellationTokenSource cancel = new();
        await using var updates = model.GetStreamingResponseAsync("hello", cancellationToken: cancel.Token).GetAsyncEnumerator(AgentRuns.TestToken);
        await UntilTextAsync(updates);
        var rest = ToEndAsync(updates);

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rest);
        await reply.ClientLeft.WaitAsync(TimeSpan.FromSeconds(10), AgentRuns.TestToken);
    }

    [Fact]
    public async Task Refusal_ends_the_answer_as_one()
    {
        await using var stub = await AnthropicStub.StartAsync(
            AnthropicReply.Events([AnthropicReply.Start(), .. AnthropicReply.Text(0, "I can't."), .. AnthropicReply.Finish("refusal")]));
        using var model = ChatModel.Of(stub);

        var response = (await model.AskAsync()).ToChatResponse();

        Assert.Equal(("I can't.", ChatFinishReason.ContentFilter), (response.Text, response.FinishReason));
    }

    [Theory]
    [InlineData("<h1>Welcome</h1>")]
    [InlineData("data: not json\n\n")]
    public async Task Answer_in_another_protocol_is_not_asked_for_again(string body)
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Events(body));
        using var model = ChatModel.Of(stub);

        var failure = await model.FailAsync();

        Assert.Contains("is not a chat completion", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
        Assert.Single(stub.Requests);
    }

    private static async Task AdvanceUntilAskedAgainAsync(ManualTimeProvider clock, AnthropicStub stub)
    {
        clock.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Single(stub.Requests);
        clock.Advance(TimeSpan.FromSeconds(0.1));
        await Until.TrueAsync(() => Task.FromResult(stub.Requests.Count == 2), AgentRuns.TestToken);
    }

    private static async Task UntilTextAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        while (await updates.MoveNextAsync() && updates.Current.Text.Length == 0)
        {
        }
    }

    private static async Task ToEndAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        while (await updates.MoveNextAsync())
        {
        }
    }
}
