using AgentProtocol.Agents.Http;
using AgentProtocol.Agents.Wire;
using AgentProtocol.Testing.Http;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.Agents.Tests.Http;

public class HttpFailureTests
{
    private const string Key = "sk-very-secret";

    private static CancellationToken Token => AgentRuns.TestToken;

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
        await using var stub = await HttpStub.StartAsync(status, "application/json", """{"detail":"No such\nluck."}""");

        var failure = await FailAsync(stub.Url);

        Assert.Equal(($"The agent server {stub.Url.Authority} answered {status}: No such luck.", retryable), (failure.Message, failure.Retryable));
        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task Redirect_does_not_take_the_key_elsewhere()
    {
        await using var elsewhere = await HttpStub.StartAsync(200, "text/plain", "caught");
        await using var stub = await HttpStub.StartAsync((_, context) =>
        {
            context.Response.Redirect(elsewhere.Url.ToString(), permanent: false, preserveMethod: true);
            return Task.CompletedTask;
        });

        var failure = await FailAsync(stub.Url);

        Assert.Contains("answered 307: redirects are not followed", failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
        Assert.Empty(elsewhere.Requests);
    }

    [Theory]
    [InlineData(401, "application/json", """{"error":{"message":"Wrong key sk-very-secret given"}}""")]
    [InlineData(200, "application/x-ndjson", """{"type":"error","message":"Wrong key sk-very-secret given"}""")]
    [InlineData(200, "application/x-ndjson", "panic: sk-very-secret")]
    [InlineData(200, "text/html", "sk-very-secret")]
    public async Task Key_that_a_service_repeats_is_not_passed_on(int status, string contentType, string body)
    {
        await using var stub = await HttpStub.StartAsync(status, contentType, body);

        Assert.DoesNotContain(Key, (await FailAsync(stub.Url)).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/json", """{"messages":[{"type":"ai","content":"It is sk-very-secret"}]}""")]
    [InlineData("application/x-ndjson", """{"type":"message","content":"It is sk-very-secret"}""")]
    [InlineData("text/plain", "It is sk-very-secret")]
    public async Task Key_that_a_service_repeats_is_not_in_its_answer(string contentType, string body)
    {
        await using var stub = await HttpStub.StartAsync(200, contentType, body);

        Assert.Equal("It is ***", (await Agent(stub.Url).EventsAsync(AgentRuns.Saying("hi"))).Answer().Content());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Connection_that_breaks_is_worth_another_attempt(bool inTheAnswer)
    {
        await using var stub = await HttpStub.StartAsync(async (_, context) =>
        {
            if (inTheAnswer)
            {
                context.Response.ContentType = "text/event-stream";
                await context.SendAsync("data: {\"type\":\"delta\",\"text\":\"Once \"}\n\n");
            }

            context.Abort();
        });

        var failure = await FailAsync(stub.Url);

        Assert.Equal(($"The agent server {stub.Url.Authority} broke the connection", true), (failure.Message, failure.Retryable));
    }

    [Fact]
    public async Task Service_that_is_not_there_is_named_and_worth_another_attempt()
    {
        var stub = await HttpStub.StartAsync(200, "text/plain", "");
        var url = stub.Url;
        await stub.DisposeAsync();

        var failure = await FailAsync(url);

        Assert.StartsWith($"The agent server {url.Authority} cannot be reached: ", failure.Message, StringComparison.Ordinal);
        Assert.True(failure.Retryable);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Service_that_falls_silent_is_given_up_and_worth_another_attempt(bool inTheAnswer)
    {
        await using var stub = await HttpStub.StartAsync(async (_, context) =>
        {
            if (inTheAnswer)
            {
                context.Response.ContentType = "application/x-ndjson";
                await context.SendAsync("{\"type\":\"delta\",\"text\":\"Once \"}\n");
            }

            await context.UntilLeftAsync();
        });

        var failure = await FailAsync(stub.Url, TimeSpan.FromMilliseconds(200));

        Assert.Equal(($"The agent server {stub.Url.Authority} was silent for too long", true), (failure.Message, failure.Retryable));
    }

    [Theory]
    [InlineData("text/html", "<p>", "content type text/html")]
    [InlineData(null, "", "without a content type")]
    [InlineData("application/json", "[1]", "neither an object nor a text")]
    [InlineData("application/json", "{", "no JSON")]
    [InlineData("text/event-stream", "data: Hello\n\n", "no JSON object: Hello")]
    [InlineData("application/x-ndjson", "{\"type\":\"del", "no JSON object")]
    [InlineData("application/x-ndjson", "{\"type\":\"error\",\"message\":\"no JSON today\"}", "no JSON today")]
    public async Task Answer_that_makes_no_sense_is_not_asked_for_again(string? contentType, string body, string fault)
    {
        await using var stub = await HttpStub.StartAsync(StatusCodes.Status200OK, contentType, body);

        var failure = await FailAsync(stub.Url);

        Assert.Contains(fault, failure.Message, StringComparison.Ordinal);
        Assert.False(failure.Retryable);
    }

    [Theory]
    [InlineData("text/event-stream", "data: ")]
    [InlineData("application/x-ndjson", "")]
    [InlineData("application/json", "")]
    public async Task Event_that_is_too_large_is_not_kept_in_memory(string contentType, string prefix)
    {
        await using var stub = await HttpStub.StartAsync(async (_, context) =>
        {
            context.Response.ContentType = contentType;
            await context.SendAsync(prefix);
            var part = new string(' ', 1024 * 1024);
            for (var sent = 0; sent < (2 * BoundedLines.MaxBytes) && !context.RequestAborted.IsCancellationRequested; sent += part.Length)
            {
                await context.SendAsync(part);
            }
        });

        Assert.Equal("The agent said more than 8 MiB at once", (await FailAsync(stub.Url)).Message);
    }

    private static Task<AgentException> FailAsync(Uri url, TimeSpan? silence = null) =>
        Assert.ThrowsAsync<AgentException>(() => Agent(url, silence).EventsAsync(AgentRuns.Saying("hi"))).WaitAsync(Token);

    private static IAgent Agent(Uri url, TimeSpan? silence = null) => HttpAgents.Create("far", new HttpAgentOptions
    {
        Url = url,
        Headers = new Dictionary<string, string> { ["X-Key"] = Key },
        Silence = silence,
    }).Agent;
}
