using System.Text.Json;
using AgentProtocol.Testing.Http;
using static AgentProtocol.Agents.Tests.Remote.ReferenceServer;

namespace AgentProtocol.Agents.Tests.Remote;

public class RemoteSteeringTests
{
    private const string Before = """{"messages":[{"type":"human","id":"h1","content":"hi"}]}""";
    private const string Steered = """{"messages":[{"type":"human","id":"h1","content":"hi"},{"type":"human","id":"h2","content":"shorter"}]}""";
    private const string After = """{"messages":[{"type":"human","id":"h1","content":"hi"},{"type":"human","id":"h2","content":"shorter"},{"type":"ai","id":"a1","content":"Hi."}]}""";

    private static readonly string[] Strategies = ["steer", "interrupt"];

    [Fact]
    public async Task Message_takes_the_place_of_the_run_where_the_server_cannot_steer()
    {
        await using var far = await ReferenceServer.StartAsync(
            async (context, _) =>
            {
                await SayAsync(context, 0, ("values", Before));
                await context.UntilLeftAsync();
            },
            Saying("success", ("values", Steered), ("values", After)));
        far.Refuses = body => body.GetProperty("multitask_strategy").ValueEquals("steer") ? 422 : null;
        var inbox = new OneMessage("""{"type":"human","id":"h2","content":"shorter"}""");
        var context = AgentRuns.Saying("hi") with { Inbox = inbox };

        var events = await far.Agent().EventsAsync(context);

        Assert.Equal("Hi.", Assert.Single(Assert.IsType<AgentEvent.StateUpdate>(Assert.Single(events)).Update.GetProperty("messages").EnumerateArray()).Content());
        Assert.Equal(Strategies, far.Creations.Skip(1).Select(body => body.GetProperty("multitask_strategy").GetString()));
        Assert.All(far.Creations, body => Assert.Equal(context.RunId.ToString(), body.GetProperty("metadata").GetProperty("agentprotocol_run_id").GetString()));
        Assert.Equal(2, far.Runs.Count);
    }

    [Fact]
    public async Task Message_waits_until_no_answer_is_half_written()
    {
        var inbox = new OneMessage("""{"type":"human","id":"h2","content":"shorter"}""");
        var written = new TaskCompletionSource();
        await using var far = await ReferenceServer.StartAsync(
            async (context, _) =>
            {
                await SayAsync(context, 0, ("values", Before), ("messages", """[{"type":"AIMessageChunk","id":"a0","content":"Once"},{}]"""));
                await written.Task;
                Assert.False(inbox.IsTaken);
                await SayAsync(context, 2, ("values", """{"messages":[{"type":"human","id":"h1","content":"hi"},{"type":"ai","id":"a0","content":"Once"}]}"""));
                await context.UntilLeftAsync();
            },
            Saying("success", ("values", After)));
        inbox.Arrive(false);
        await using var events = far.Agent().RunAsync(AgentRuns.Saying("hi") with { Inbox = inbox }, AgentRuns.TestToken).GetAsyncEnumerator(AgentRuns.TestToken);
        Assert.True(await events.MoveNextAsync());
        inbox.Arrive(true);
        var next = events.MoveNextAsync();

        written.SetResult();

        Assert.True(await next);
        Assert.IsType<AgentEvent.StateUpdate>(events.Current);
        Assert.True(await events.MoveNextAsync());
        Assert.True(inbox.IsTaken);
    }

    [Fact]
    public async Task Message_that_an_attempt_took_and_could_not_pass_on_is_passed_on_by_the_next()
    {
        await using var far = await ReferenceServer.StartAsync(Saying("success", ("values", Steered), ("values", After)));
        var context = AgentRuns.On(AgentRuns.Human("hi"), """{"type":"ai","id":"a0","content":"Once"}""", """{"type":"human","id":"h2","content":"shorter"}""") with { Attempt = 2 };
        far.State = """{"values":{"messages":[{"type":"human","id":"h1","content":"hi"},{"type":"ai","id":"a0","content":"Once"}]}}""";
        far.Add(JsonElement.Parse($$$"""{"input":{"messages":[{"type":"human","id":"h1","content":"hi"}]},"metadata":{"agentprotocol_run_id":"{{{context.RunId}}}"}}"""), "success");

        await far.Agent().EventsAsync(context);

        Assert.Equal("h2", Assert.Single(Assert.Single(far.Creations).GetProperty("input").GetProperty("messages").EnumerateArray()).GetProperty("id").GetString());
    }

    /// <summary>An inbox with one message.</summary>
    private sealed class OneMessage(string message) : IAgentInbox
    {
        private volatile TaskCompletionSource arrived = Arrived();

        public bool IsTaken { get; private set; }

        public bool HasMessages => !IsTaken && arrived.Task.IsCompleted;

        public void Arrive(bool isThere) => arrived = isThere ? Arrived() : new TaskCompletionSource();

        public Task WaitAsync(CancellationToken cancellationToken) =>
            (IsTaken ? new TaskCompletionSource().Task : arrived.Task).WaitAsync(cancellationToken);

        public Task<IReadOnlyList<JsonElement>> TakeAsync(CancellationToken cancellationToken)
        {
            IsTaken = true;
            return Task.FromResult<IReadOnlyList<JsonElement>>([JsonElement.Parse(message)]);
        }

        private static TaskCompletionSource Arrived()
        {
            var source = new TaskCompletionSource();
            source.SetResult();
            return source;
        }
    }
}
