using System.Text.Json;
using AgentProtocol.Agents.Http;
using AgentProtocol.Testing.Http;

namespace AgentProtocol.Agents.Tests.Http;

public class HttpAgentTests
{
    private const string Stream = "text/event-stream";

    public static TheoryData<string, string> SameAnswers => new()
    {
        { "text/event-stream; charset=utf-8", "data: {\"type\":\"delta\",\"text\":\"Hel\"}\n\nevent: delta\ndata: {\"text\":\"lo\"}\n\ndata: {\"type\":\"message\",\"content\":\"Hello\"}\n\ndata: {\"type\":\"done\"}\n\n" },
        { "text/event-stream", ": hi\r\nevent: delta\r\ndata:{\"text\":\r\ndata: \"Hello\"}\r\n\r\nevent: message\r\ndata: {\"type\":\"ai\",\"content\":\"Hello\"}" },
        { "text/event-stream", "data: {\"type\":\"delta\",\"text\":\"Hello\"}\n\ndata: [DONE]\n\n" },
        { "application/x-ndjson", "{\"type\":\"delta\",\"text\":\"Hello\"}\n\n{\"type\":\"message\",\"content\":\"Hello\"}" },
        { "application/x-ndjson", "\uFEFF{\"type\":\"delta\",\"text\":\"Hello\"}\r\n{\"type\":\"done\"}\r\nnot read any more" },
        { "application/json", "{\"messages\":[{\"role\":\"assistant\",\"content\":\"Hello\"}]}" },
        { "application/json; charset=utf-8", "{\"type\":\"message\",\"content\":\"Hello\"}" },
        { "application/json", "{\"type\":\"delta\",\"text\":\"Hello\"}" },
        { "application/json", "\"Hello\"" },
        { "text/plain", "Hello" },
    };

    private static CancellationToken Token => AgentRuns.TestToken;

    [Theory]
    [MemberData(nameof(SameAnswers))]
    public async Task Answer_may_have_any_of_the_forms(string contentType, string body)
    {
        await using var stub = await HttpStub.StartAsync(200, contentType, body);

        var events = await Agent(stub).EventsAsync(AgentRuns.Saying("hi"));

        Assert.Equal("Hello", events.Answer().Content());
        var deltas = events.OfType<AgentEvent.MessageDelta>().ToList();
        Assert.True(deltas.Count == 0 || string.Concat(deltas.Select(delta => delta.Text)) == "Hello");
        Assert.All(deltas, delta => Assert.Equal(events.Answer().GetProperty("id").GetString(), delta.MessageId));
        Assert.All(events.OfType<AgentEvent.StateUpdate>(), update => Assert.Equal("agent", update.Node));
    }

    [Fact]
    public async Task Request_tells_all_of_the_run()
    {
        await using var stub = await HttpStub.StartAsync(200, "text/plain", "ok");
        var context = AgentRuns.Saying("hi") with
        {
            Attempt = 2,
            CompletedSteps = 3,
            Input = JsonElement.Parse("""{"topic":1.50}"""),
            Context = JsonElement.Parse("""{"user":"ann"}"""),
            Interrupts = [new AgentInterrupt("q1", JsonElement.Parse("\"sure?\""), JsonElement.Parse("true")), new AgentInterrupt("q2", JsonElement.Parse("1"), default)],
        };

        await HttpAgents.Create("far", new HttpAgentOptions { Url = new Uri(stub.Url, "run"), Headers = new Dictionary<string, string> { ["Authorization"] = "Bearer key-1" } })
            .Agent.EventsAsync(context);

        var request = Assert.Single(stub.Requests);
        Assert.Equal(("POST", "/run", "Bearer key-1", $"{context.RunId}:2"),
            (request.Method, request.Path, request.Headers["Authorization"], request.Headers["Idempotency-Key"]));
        Assert.Equal(
            $$"""{"run_id":"{{context.RunId}}","thread_id":"{{context.ThreadId}}","agent_id":"agent","attempt":2,"completed_steps":3,"input":{"topic":1.50},"messages":[{"type":"human","id":"h1","content":"hi"}],"values":{},"config":null,"context":{"user":"ann"},"resume_node":null,"interrupts":[{"id":"q1","value":"sure?","answer":true},{"id":"q2","value":1}]}""",
            request.Body.GetRawText());
    }

    [Fact]
    public async Task Event_arrives_before_the_answer_is_complete()
    {
        var goOn = new TaskCompletionSource();
        await using var stub = await HttpStub.StartAsync(async (_, context) =>
        {
            context.Response.ContentType = Stream;
            await context.SendAsync("data: {\"type\":\"progress\",\"percent\":50}\n\n");
            await goOn.Task;
            await context.SendAsync("data: {\"type\":\"message\",\"content\":\"done\"}\n\n");
        });
        await using var events = Agent(stub).RunAsync(AgentRuns.Saying("hi"), Token).GetAsyncEnumerator(Token);

        Assert.True(await events.MoveNextAsync());
        Assert.Equal(new AgentEvent.Progress(50), events.Current);
        goOn.SetResult();
        Assert.True(await events.MoveNextAsync());
        Assert.IsType<AgentEvent.StateUpdate>(events.Current);
        Assert.False(await events.MoveNextAsync());
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task Cancel_closes_the_connection_and_tells_the_service(bool hasUrl, int told)
    {
        var left = new TaskCompletionSource();
        await using var stub = await StuckAsync(left);
        using var cancel = new CancellationTokenSource();
        var context = AgentRuns.Saying("hi");
        await using var events = Agent(stub, cancelUrl: hasUrl).RunAsync(context, cancel.Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());

        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => events.MoveNextAsync().AsTask());
        await left.Task.WaitAsync(Token);
        var cancels = stub.Requests.Where(request => request.Path == "/cancel").ToList();
        Assert.Equal(told, cancels.Count);
        Assert.All(cancels, request => Assert.Equal($$"""{"run_id":"{{context.RunId}}","thread_id":"{{context.ThreadId}}"}""", request.Body.GetRawText()));
    }

    [Fact]
    public async Task Run_that_another_node_executes_is_not_cancelled_there()
    {
        var left = new TaskCompletionSource();
        await using var stub = await StuckAsync(left);
        using var lost = new CancellationTokenSource();
        await using var events = Agent(stub, cancelUrl: true).RunAsync(AgentRuns.Saying("hi") with { LeaseLost = lost.Token }, lost.Token).GetAsyncEnumerator(Token);
        Assert.True(await events.MoveNextAsync());

        await lost.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => events.MoveNextAsync().AsTask());
        await left.Task.WaitAsync(Token);
        Assert.Single(stub.Requests);
    }

    [Fact]
    public async Task Drain_lets_no_call_begin()
    {
        await using var stub = await HttpStub.StartAsync(200, "text/plain", "ok");
        using var drain = new CancellationTokenSource();
        await drain.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Agent(stub).EventsAsync(AgentRuns.Saying("hi") with { Draining = drain.Token }));

        Assert.Empty(stub.Requests);
    }

    private static Task<HttpStub> StuckAsync(TaskCompletionSource left) => HttpStub.StartAsync(async (request, context) =>
    {
        if (request.Path == "/cancel")
        {
            return;
        }

        context.Response.ContentType = Stream;
        await context.SendAsync("data: {\"type\":\"progress\",\"percent\":50}\n\n");
        await context.UntilLeftAsync();
        left.SetResult();
    });

    private static IAgent Agent(HttpStub stub, bool cancelUrl = false) =>
        HttpAgents.Create("far", new HttpAgentOptions { Url = stub.Url, CancelUrl = cancelUrl ? new Uri(stub.Url, "cancel") : null }).Agent;
}
