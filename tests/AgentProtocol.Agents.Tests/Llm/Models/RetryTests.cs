using AgentProtocol.Agents.Llm.Models;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Models;
using AgentProtocol.Testing.OpenAi;
using AgentProtocol.Testing.Time;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Tests.Llm.Models;

public class RetryTests
{
    private readonly ManualTimeProvider clock = new();

    public static TheoryData<OpenAiReply> Stumbles => new(
        OpenAiReply.Refusing(429, "slow down"),
        OpenAiReply.Refusing(503, "overloaded"),
        OpenAiReply.Dropping(),
        OpenAiReply.Chunks(OpenAiReply.Role(), OpenAiReply.Error("overloaded")));

    [Theory(Timeout = 30_000)]
    [MemberData(nameof(Stumbles))]
    public async Task Model_that_stumbles_before_its_first_word_is_asked_again(OpenAiReply stumble)
    {
        await using var stub = await OpenAiStub.StartAsync(stumble, OpenAiReply.Saying("Here."));
        using var model = ChatModel.Of(stub, time: clock);

        var answer = model.AskAsync();
        await PauseAsync();
        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("Here.", (await answer).Text());
        Assert.Equal(2, stub.Requests.Count);
        Assert.True(JsonEqual(stub, 0, 1));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("Retry-After", "7", 7)]
    [InlineData("Retry-After", "0", 0)]
    [InlineData("retry-after-ms", "2500", 2.5)]
    [InlineData("Retry-After", "3600", 60)]
    public async Task Server_says_when_it_is_asked_again_up_to_a_minute(string header, string value, double seconds)
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Refusing(429, "slow down").With(header, value), OpenAiReply.Saying("Here."));
        using var model = ChatModel.Of(stub, time: clock);

        var answer = model.AskAsync();
        if (seconds > 0)
        {
            await PauseAsync();
            clock.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(1, clock.WaitingTimers);
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal("Here.", (await answer).Text());
    }

    [Fact(Timeout = 30_000)]
    public async Task Date_to_be_asked_again_at_is_read_with_the_clock_of_the_server()
    {
        await using var stub = await OpenAiStub.StartAsync(
            OpenAiReply.Refusing(503, "restarting").With("Date", "Mon, 01 Jan 2001 00:00:00 GMT").With("Retry-After", "Mon, 01 Jan 2001 00:00:20 GMT"),
            OpenAiReply.Saying("Here."));
        using var model = ChatModel.Of(stub, time: clock);

        var answer = model.AskAsync();
        await PauseAsync();
        clock.Advance(TimeSpan.FromSeconds(19.9));
        Assert.Equal(1, clock.WaitingTimers);
        clock.Advance(TimeSpan.FromSeconds(0.1));

        Assert.Equal("Here.", (await answer).Text());
    }

    [Fact(Timeout = 30_000)]
    public async Task After_four_tries_the_run_is_told_and_may_try_again_itself()
    {
        await using var stub = await OpenAiStub.StartAsync(_ => OpenAiReply.Refusing(503, "No such luck."));
        using var model = ChatModel.Of(stub, time: clock);
        var log = new ListLogger();

        var answer = Assert.IsType<RetryingChatClient>(model).WritingTo(log).AskAsync();
        for (var retry = 1; retry < 4; retry++)
        {
            await PauseAsync();

            // No further than to this delay's end: the next one may begin, and would end, while the clock is still being moved.
            clock.Advance(clock.Waits.Single());
        }

        var failure = await Assert.ThrowsAnyAsync<AgentException>(() => answer);
        Assert.Equal(($"The model server {new Uri(stub.Origin).Authority} answered 503: No such luck.", true), (failure.Message, failure.Retryable));
        Assert.Equal(4, stub.Requests.Count);
        Assert.Equal(3, log.Lines.Count);
        Assert.Contains("No such luck. It is asked again in ", log.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("(try 2 of 4).", log.Lines[0], StringComparison.Ordinal);
        Assert.EndsWith("(try 4 of 4).", log.Lines[2], StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task Nothing_is_asked_again_after_the_first_word()
    {
        var reply = OpenAiReply.Endless("Once upon ");
        await using var stub = await OpenAiStub.StartAsync(reply, OpenAiReply.Saying("Again."));
        using var model = ChatModel.Of(stub, time: clock);
        await using var updates = model.GetStreamingResponseAsync("hello", cancellationToken: AgentRuns.TestToken).GetAsyncEnumerator(AgentRuns.TestToken);
        Assert.True(await updates.MoveNextAsync());
        Assert.Equal("Once upon ", updates.Current.Text);
        reply.Drop();

        var failure = await Assert.ThrowsAnyAsync<AgentException>(() => updates.MoveNextAsync().AsTask());

        Assert.True(failure.Retryable);
        Assert.Single(stub.Requests);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    public async Task Refusal_that_will_stay_is_not_asked_again(int status)
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Refusing(status, "no"), OpenAiReply.Saying("Again."));
        using var model = ChatModel.Of(stub, time: clock);

        Assert.False((await model.FailAsync()).Retryable);
        Assert.Single(stub.Requests);
    }

    [Fact(Timeout = 30_000)]
    public async Task Cancelled_run_does_not_wait_for_the_next_try()
    {
        await using var stub = await OpenAiStub.StartAsync(OpenAiReply.Refusing(429, "slow down").With("Retry-After", "50"));
        using var model = ChatModel.Of(stub, time: clock);
        using CancellationTokenSource cancel = new();

        var answer = model.AskAsync(cancellationToken: cancel.Token);
        await PauseAsync();
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        Assert.Single(stub.Requests);
    }

    private static bool JsonEqual(OpenAiStub stub, int one, int other) =>
        System.Text.Json.JsonElement.DeepEquals(stub.Requests[one].Body, stub.Requests[other].Body);

    private Task PauseAsync() => Until.TrueAsync(() => Task.FromResult(clock.WaitingTimers == 1), AgentRuns.TestToken);

    private sealed class ListLogger : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
