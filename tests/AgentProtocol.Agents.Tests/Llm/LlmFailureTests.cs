using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.OpenAi;
using AgentProtocol.Testing;
using AgentProtocol.Testing.OpenAi;

namespace AgentProtocol.Agents.Tests.Llm;

public class LlmFailureTests
{
    [Theory]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(503, true)]
    [InlineData(408, true)]
    [InlineData(400, false)]
    [InlineData(401, false)]
    [InlineData(404, false)]
    public async Task Status_decides_whether_another_attempt_may_succeed(int status, bool retryable)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Refusing(status, "No such luck."));

        var failure = await llm.FailAsync();

        Assert.Equal(retryable, failure.Retryable);
        Assert.Equal($"The model server {new Uri(llm.Stub.BaseUrl).Authority} answered {status}: No such luck.", failure.Message);
        Assert.Single(llm.Stub.Requests);
    }

    [Theory]
    [InlineData("""{"error":"model not found"}""", "model not found")]
    [InlineData("""{"detail":"Not\nFound"}""", "Not Found")]
    [InlineData("<h1>Bad gateway</h1>", "<h1>Bad gateway</h1>")]
    [InlineData("""{"error":{}}""", """{"error":{}}""")]
    [InlineData("[]", "[]")]
    public async Task Words_of_the_server_are_passed_on_in_one_line(string body, string words)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.RefusingWith(404, body));

        Assert.EndsWith($" answered 404: {words}", (await llm.FailAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_that_a_server_repeats_is_not_passed_on()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Refusing(401, $"Incorrect API key provided: {LlmFixture.Key}."));

        var failure = await llm.FailAsync();

        Assert.EndsWith("answered 401: Incorrect API key provided: ***.", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(LlmFixture.Key, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connection_that_breaks_in_the_answer_is_worth_another_attempt()
    {
        var reply = OpenAiReply.Endless("Once upon ");
        await using var llm = await LlmFixture.StartAsync(reply);
        await using var events = llm.Agent.RunAsync(AgentRuns.Saying("hello"), AgentRuns.TestToken).GetAsyncEnumerator(AgentRuns.TestToken);
        Assert.True(await events.MoveNextAsync());
        Assert.True(await events.MoveNextAsync());
        reply.Drop();

        var failure = await Assert.ThrowsAnyAsync<AgentException>(() => events.MoveNextAsync().AsTask());

        Assert.EndsWith(" broke the connection in the middle of the answer.", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
    }

    [Fact]
    public async Task Connection_that_breaks_before_the_answer_is_worth_another_attempt()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Dropping());

        Assert.True((await llm.FailAsync()).Retryable);
    }

    [Theory]
    [InlineData("Once upon ")]
    [InlineData(null)]
    public async Task Server_that_falls_silent_is_given_up_and_worth_another_attempt(string? piece)
    {
        var reply = OpenAiReply.Endless(piece is null ? [] : [piece]);
        await using var llm = await LlmFixture.StartAsync(reply, longestSilence: TimeSpan.FromMilliseconds(100));

        var failure = await llm.FailAsync();

        Assert.EndsWith(" was silent for too long.", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);

        // On a busy machine the client may have left before its request was read, so what the stub saw of it does not count.
        await Until.TrueAsync(() => Task.FromResult(llm.Stub.OpenRequests == 0), AgentRuns.TestToken);
    }

    [Fact]
    public async Task Server_that_is_not_there_is_named_and_worth_another_attempt()
    {
        var stub = await OpenAiStub.StartAsync();
        Uri baseUrl = new(stub.BaseUrl);
        await stub.DisposeAsync();
        using OpenAiChatClient client = new(new OpenAiEndpoint(baseUrl, "m", ApiKey: null));

        var failure = await Assert.ThrowsAnyAsync<AgentException>(
            () => new LlmAgent(client, null, TimeProvider.System).EventsAsync(AgentRuns.Saying("hello")));

        Assert.StartsWith($"The model server {baseUrl.Authority} cannot be reached: ", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
    }

    [Fact]
    public async Task Stream_that_ends_before_the_answer_does_is_no_answer()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(OpenAiReply.Piece("Once upon ")));

        var failure = await llm.FailAsync();

        Assert.Equal(("The model's answer ended before it was complete.", true), (failure.Message, failure.Retryable));
    }

    [Theory]
    [InlineData("stop", true)]
    [InlineData("content_filter", false)]
    [InlineData("length", false)]
    public async Task Empty_answer_fails_the_run_and_says_why(string finishReason, bool retryable)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(OpenAiReply.Finish(finishReason)));

        var failure = await llm.FailAsync();

        Assert.Equal(
            ($"The model gave an empty answer (finish reason \"{finishReason}\").", retryable),
            (failure.Message, failure.Retryable));
    }

    [Theory]
    [InlineData("""{"error":{"message":"The model ran out of memory.","code":500}}""")]
    [InlineData("""{"error":"The model ran out of memory."}""")]
    [InlineData("""{"id":"x","model":"m","choices":[],"error":{"message":"The model ran out of memory."}}""")]
    public async Task Error_in_the_middle_of_the_stream_is_passed_on(string error)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(OpenAiReply.Piece("Once "), error));

        var failure = await llm.FailAsync();

        Assert.Contains("The model ran out of memory.", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
    }

    [Fact]
    public async Task Chunk_that_says_there_is_no_error_is_none()
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(
            OpenAiReply.Piece("fine"), """{"id":"x","model":"m","choices":[],"error":null}""", OpenAiReply.Finish("stop")));

        Assert.Equal("fine", (await llm.RunAsync()).Answer().Content());
    }

    [Theory]
    [InlineData("this is not JSON")]
    [InlineData("[]")]
    public async Task Answer_in_another_protocol_is_not_asked_for_again(string chunk)
    {
        await using var llm = await LlmFixture.StartAsync(OpenAiReply.Chunks(chunk));

        var failure = await llm.FailAsync();

        Assert.Contains("is not a chat completion", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
    }
}
