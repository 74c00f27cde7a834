using AgentProtocol.Agents.Llm;
using AgentProtocol.Testing.Anthropic;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.OpenAi;
using AgentProtocol.Testing.Time;

namespace AgentProtocol.Agents.Tests.Llm.Models;

public class ModelErrorsTests
{
    [Theory]
    [InlineData(400, """{"error":{"message":"Your messages are too long.","code":"context_length_exceeded"}}""")]
    [InlineData(400, """{"message":"This model's maximum context length is 4096 tokens.","code":400}""")]
    [InlineData(400, """{"error":{"message":"the request exceeds the available context size. try increasing it"}}""")]
    [InlineData(413, "Request Entity Too Large")]
    public async Task Too_long_a_history_is_told_apart(int status, string body)
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.RefusingWith(status, body));
        using var model = ChatModel.Of(stub);

        var failure = await Assert.ThrowsAsync<ContextOverflowException>(() => model.AskAsync());

        Assert.False(failure.Retryable);
        Assert.Contains($" answered {status}: ", failure.Message, StringComparison.Ordinal);
        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task Too_long_a_history_is_told_apart_in_the_stream_too()
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Chunks(OpenAiReply.Role(), OpenAiReply.Error("maximum context length is 8")));
        using var model = ChatModel.Of(stub);

        await Assert.ThrowsAsync<ContextOverflowException>(() => model.AskAsync());
    }

    [Fact]
    public async Task Overload_with_the_words_of_an_overflow_is_an_overload()
    {
        ManualTimeProvider clock = new();
        await using var stub = await OpenAiStub.StartAsync(
            OpenAiReply.Refusing(500, "maximum context length unknown").With("Retry-After", "0"), OpenAiReply.Saying("Here."));
        using var model = ChatModel.Of(stub, time: clock);

        Assert.Equal("Here.", (await model.AskAsync()).Text());
    }

    [Fact]
    public async Task Spent_quota_is_not_waited_for()
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Refusing(429, "You exceeded your current quota.", "insufficient_quota"));
        using var model = ChatModel.Of(stub);

        var failure = await model.FailAsync();

        Assert.False(failure.Retryable);
        Assert.EndsWith(" answered 429: You exceeded your current quota.", failure.Message, StringComparison.Ordinal);
        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task Too_long_a_history_is_told_apart_by_Anthropic()
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Overflowing());
        using var model = ChatModel.Of(stub);

        var failure = await Assert.ThrowsAsync<ContextOverflowException>(() => model.AskAsync());

        Assert.EndsWith(" answered 400: prompt is too long: 200001 tokens > 200000 maximum", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "invalid_request_error")]
    [InlineData(401, "authentication_error")]
    [InlineData(404, "not_found_error")]
    public async Task Words_of_Anthropic_are_passed_on_without_the_key(int status, string type)
    {
        await using var stub = await AnthropicStub.StartAsync(AnthropicReply.Refusing(status, $"No, {ChatModel.Key}!", type));
        using var model = ChatModel.Of(stub);

        var failure = await model.FailAsync();

        Assert.Equal(
            ($"The model server {new Uri(stub.Origin).Authority} answered {status}: No, ***!", false), (failure.Message, failure.Retryable));
        Assert.DoesNotContain(ChatModel.Key, failure.ToString(), StringComparison.Ordinal);
        Assert.Single(stub.Requests);
    }
}
