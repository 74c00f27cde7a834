using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>A message that a run is writing: seen while it grows, and kept when nobody will complete it (wire-contract 13.19).</summary>
public sealed class HalfWrittenTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_the_last_message_of_the_thread_while_its_run_is_active_and_no_part_of_its_past()
    {
        var attempt = await WriteHalfAsync("half of ");
        var thread = attempt.Claim.ThreadId;

        Assert.Equal(["hello", "half of "], await ShownAsync(thread));
        var state = await Queue.Service.GetStateAsync(QueueHarness.Owner, thread, null, Token);
        Assert.Equal(["hello", "half of "], Contents(state.Values.Text));
        var found = Assert.Single((await Queue.Service.SearchAsync(QueueHarness.Owner, new ThreadSearchRequest(), Token)).Items);
        Assert.Equal(["hello", "half of "], Contents(found.Values.Text));
        Assert.Equal(2, JsonText.Parse(found.Messages.Text).GetArrayLength());

        var past = await Queue.Service.GetHistoryAsync(QueueHarness.Owner, thread, new ThreadHistoryRequest(), Token).FirstAsync(Token);
        Assert.Equal(["hello"], Contents(past.Values.Text));
        var asked = await Queue.Service.GetStateAsync(QueueHarness.Owner, thread, past.Checkpoint!.CheckpointId, Token);
        Assert.Equal(["hello"], Contents(asked.Values.Text));
    }

    [Fact]
    public async Task The_complete_message_takes_its_place()
    {
        var attempt = await WriteHalfAsync("half of ");
        await attempt.Update("""{"messages":[{"type":"ai","id":"m-1","content":"half of all"}]}""").WriteAsync();

        Assert.Equal(["hello", "half of all"], await ShownAsync(attempt.Claim.ThreadId));
        Assert.Equal([""], await Database.LinesAsync("select partial from run_work"));
    }

    [Theory]
    [InlineData("interrupted")]
    [InlineData("timeout")]
    [InlineData("error")]
    public async Task A_run_that_ends_before_it_is_complete_leaves_it_in_the_state(string status)
    {
        var attempt = await WriteHalfAsync("half");
        attempt.Record(new AgentEvent.MessageDelta("echo", "m-1", " and more"));
        await attempt.EndAsync(status switch
        {
            "interrupted" => RunOutcome.Interrupted("Cancelled"),
            "timeout" => RunOutcome.TimedOut(TimeSpan.FromSeconds(1)),
            _ => RunOutcome.Failed("X", "boom"),
        });

        await AssertKeptAsync(attempt.Claim.ThreadId, attempt.Claim.RunId, "half and more", status);
    }

    [Fact]
    public async Task A_run_that_succeeds_without_completing_it_leaves_nothing_of_it()
    {
        var attempt = await WriteHalfAsync("half");
        await attempt.SucceedAsync();
        Assert.Equal(["hello"], await ShownAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_rollback_erases_it()
    {
        var attempt = await WriteHalfAsync("half");
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Rollback);
        await attempt.EndAsync(RunOutcome.Interrupted("Cancelled"));
        await attempt.RollBackAsync();
        Assert.Empty(await ShownAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_run_that_is_cancelled_when_its_node_is_lost_leaves_it_in_the_state()
    {
        var attempt = await WriteHalfAsync("half");
        await Queue.ReapAsync(Node);
        await OtherQueue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);

        await AssertKeptAsync(attempt.Claim.ThreadId, attempt.Claim.RunId, "half", "interrupted");
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_run_that_is_claimed_only_to_be_ended_leaves_it_in_the_state()
    {
        var attempt = await WriteHalfAsync("half");
        await Queue.ReapAsync(Node);
        var ending = await Attempt.BeginAsync(OtherQueue, await OtherQueue.ClaimAsync(OtherNode, attempt.Claim.RunId));
        await ending.EndAsync(RunOutcome.LostTooOften(3));

        await AssertKeptAsync(attempt.Claim.ThreadId, attempt.Claim.RunId, "half", "error");
    }

    [Fact]
    public async Task Another_attempt_starts_without_it()
    {
        var attempt = await WriteHalfAsync("half");
        await Queue.ReapAsync(Node);
        Assert.Equal(["hello", "half"], await ShownAsync(attempt.Claim.ThreadId));

        var again = await OtherQueue.StartAsync(OtherNode, attempt.Claim.RunId);
        Assert.Equal(["hello"], await ShownAsync(attempt.Claim.ThreadId));
        again.Record(new AgentEvent.MessageDelta("echo", "m-2", "anew"));
        await again.WriteAsync();
        Assert.Equal(["hello", "anew"], await ShownAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_thread_shows_the_progress_of_its_active_run_and_then_of_its_latest()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var thread = attempt.Claim.ThreadId;
        Assert.Null(await ProgressAsync(thread));
        attempt.Record(new AgentEvent.Progress(40, "reading"));
        await attempt.WriteAsync();
        Assert.Equal("""{"percent":40,"phase":"reading"}""", await ProgressAsync(thread));
        attempt.Record(new AgentEvent.Artifact("plan", JsonText.Parse("[1]")));
        await attempt.EndAsync(RunOutcome.Interrupted("Cancelled"));
        Assert.Equal("""{"percent":40,"phase":"reading","artifacts":[{"name":"plan","content":[1]}]}""", await ProgressAsync(thread));

        var next = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread));
        Assert.Null(await ProgressAsync(thread));
        await next.SucceedAsync();
        Assert.Null(await ProgressAsync(thread));
    }

    [Fact]
    public async Task Artifacts_survive_the_node_that_made_them()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        attempt.Record(new AgentEvent.Artifact("plan", JsonText.Parse("[1]")));
        await attempt.WriteAsync();
        await Queue.ReapAsync(Node);
        var again = await OtherQueue.StartAsync(OtherNode, attempt.Claim.RunId);
        again.Record(new AgentEvent.Progress(70));
        await again.SucceedAsync();

        Assert.Equal("""{"percent":70,"artifacts":[{"name":"plan","content":[1]}]}""", await ProgressAsync(attempt.Claim.ThreadId));
    }

    private async Task<Attempt> WriteHalfAsync(string text)
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        attempt.Record(new AgentEvent.MessageDelta("echo", "m-1", text));
        Assert.True(await attempt.WriteAsync());
        return attempt;
    }

    private async Task AssertKeptAsync(Guid thread, Guid run, string text, string reason)
    {
        Assert.Equal(["hello", text], await ShownAsync(thread));
        var (state, _) = await new ThreadReader(Queue.Database).ReadStateAfterRunAsync(thread, run, Token);
        var message = JsonText.Parse(state.Messages[^1].Json);
        Assert.Equal(
            ("m-1", text, $$"""{"finish_reason":"{{reason}}"}""", "{}"),
            (message.GetProperty("id").GetString(), message.GetProperty("content").GetString(),
                message.GetProperty("response_metadata").GetRawText(), message.GetProperty("additional_kwargs").GetRawText()));
    }

    private async Task<string?> ProgressAsync(Guid thread) =>
        (await Queue.Service.GetAsync(QueueHarness.Owner, thread, includeTtl: false, Token)).Progress?.Text;

    private async Task<string[]> ShownAsync(Guid thread) =>
        Contents((await Queue.Service.GetAsync(QueueHarness.Owner, thread, includeTtl: false, Token)).Values.Text);

    private static string[] Contents(string values) => JsonText.Parse(values).TryGetProperty("messages", out var messages)
        ? [.. messages.EnumerateArray().Select(message => message.GetProperty("content").GetString()!)] : [];
}
