using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Whoever ends a run that deletes its thread, and however, marks the thread in the same transaction (wire-contract 5.7).</summary>
public sealed class DisposalTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_wish_outlives_the_node_that_executed_the_run()
    {
        var run = await CreateAsync(await Queue.NewThreadAsync());
        await Queue.StartAsync(Node, run.RunId);
        await Queue.ReapAsync(Node);
        Assert.Equal("False False", await MarksAsync(run.ThreadId));

        await (await OtherQueue.StartAsync(OtherNode, run.RunId)).SucceedAsync();

        Assert.Equal("True True", await MarksAsync(run.ThreadId));
    }

    [Fact]
    public async Task An_ending_with_nothing_but_its_failure_keeps_the_wish()
    {
        var run = await CreateAsync(await Queue.NewThreadAsync());
        var attempt = await Queue.StartAsync(Node, run.RunId);

        await Queue.Completion.FinishBareAsync(attempt.Claim, RunOutcome.Failed("Lost", "lost"), Token);

        Assert.Equal("True True", await MarksAsync(run.ThreadId));
    }

    [Theory]
    [InlineData(CancelAction.Interrupt, "True True")]
    [InlineData(CancelAction.Rollback, "False False")]
    public async Task A_run_that_nobody_executes_ends_with_its_wish_and_is_erased_without(CancelAction action, string marks)
    {
        var run = await CreateAsync(await Queue.NewThreadAsync());
        await Queue.CancelAsync(run.RunId, action);
        Assert.Equal(marks, await MarksAsync(run.ThreadId));
    }

    [Fact]
    public async Task A_marked_thread_takes_no_more_runs_and_retention_removes_it()
    {
        var run = await CreateAsync(await Queue.NewThreadAsync());
        await Queue.CancelAsync(run.RunId, CancelAction.Interrupt);

        Assert.Equal(RunRefusal.ThreadMissing, (await Queue.CreateAsync(QueueHarness.NewRun(run.ThreadId))).Refusal);

        await using var connection = await Database.OpenConnectionAsync(Token);
        Assert.Equal(0, await ThreadRemoval.DeleteExpiredAsync(connection, TimeSpan.FromHours(1), 10, Token));
        Assert.Equal(1, await ThreadRemoval.DeleteExpiredAsync(connection, TimeSpan.Zero, 10, Token));
        Assert.Empty(await Database.LinesAsync("select 1 from runs where thread_id = $1", run.ThreadId));
    }

    [Fact]
    public async Task A_superseding_run_takes_the_slot_of_a_thread_that_is_already_marked()
    {
        var threadId = await Queue.NewThreadAsync();
        var first = await CreateAsync(threadId);
        var second = await Queue.CreateRunAsync(threadId);
        await Queue.CancelAsync(first.RunId, CancelAction.Interrupt);
        Assert.Equal("True True", await MarksAsync(threadId));

        var third = await Queue.CreateRunAsync(threadId, MultitaskStrategy.Rollback);

        Assert.Equal("interrupted, ready", await Queue.RunsAsync(threadId));
        await (await Queue.StartAsync(Node, third)).SucceedAsync();
        Assert.NotEqual(second, third);
    }

    [Fact]
    public async Task What_a_lost_attempt_left_open_is_closed_as_lost_for_readers_of_the_protocol()
    {
        var first = await Queue.StartNewRunAsync(Node);
        first.Record(new AgentEvent.ToolStarted("call-1", "f", JsonText.Parse("{}")));
        first.Record(new AgentEvent.MessageDelta("echo", "m-1", "half"));
        await first.WriteAsync();
        await Queue.ReapAsync(Node);

        var second = await OtherQueue.StartAsync(OtherNode, first.Claim.RunId);
        await second.SucceedAsync();

        var frames = new List<Frame>();
        foreach (var page in await Database.LinesAsync("select frames from run_events where run_id = $1 order by first_event", first.Claim.RunId))
        {
            frames.AddRange(Frame.Read(0, page));
        }

        var lost = frames.Where(frame => frame.IsProtocol && frame.Data.Contains("attempt_lost", StringComparison.Ordinal)).ToList();
        Assert.Equal(["messages", "tools"], lost.Select(frame => frame.Name).Order(StringComparer.Ordinal));
        Assert.Contains("\"tool_call_id\":\"call-1\"", lost.Single(frame => frame.Name == "tools").Data, StringComparison.Ordinal);
        Assert.Single(frames, frame => ProtocolText.IsTerminal(frame));
        Assert.Single(frames, frame => frame.IsProtocol && frame.Name == "lifecycle" && frame.Data.Contains("\"running\"", StringComparison.Ordinal));
    }

    private async Task<NewRunRow> CreateAsync(Guid threadId)
    {
        var run = QueueHarness.NewRun(threadId) with { DeletesThread = true };
        Assert.NotNull((await Queue.CreateAsync(run)).Created);
        return run;
    }

    private async Task<string> MarksAsync(Guid threadId) => await Database.ScalarAsync<string>(
        "select initcap(h.disposable::text) || ' ' || initcap(t.temporary::text) from thread_heads h join threads t using (thread_id) where h.thread_id = $1", threadId);
}
