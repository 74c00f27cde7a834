using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Time;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>The connection breaks during a write, and nobody knows whether it was committed. Nothing is lost, nothing is written twice.</summary>
public sealed class CommitOutcomeTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private readonly ManualTimeProvider time = new();

    [Theory]
    [InlineData(Lost.Question, false)]
    [InlineData(Lost.Answer, false)]
    [InlineData(Lost.Question, true)]
    [InlineData(Lost.Answer, true)]
    public async Task A_page_is_written_once(Lost lost, bool withState)
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var attempt = await queue.StartNewRunAsync(Node);
        var cut = proxy.CutAt("insert into run_events", lost);

        var write = (withState ? attempt.Say("answer") : attempt.Show("1")).WriteAsync();
        await cut;
        await UntilPausedAsync(write);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await write);
        Assert.True(await attempt.Show("2").WriteAsync());
        await AssertDenseAsync(attempt.Claim, withState ? 5 : 4);
        Assert.Equal(withState ? "hello, answer" : "hello", await Queue.MessagesAsync(attempt.Claim.ThreadId));
    }

    [Theory]
    [InlineData(Lost.Question)]
    [InlineData(Lost.Answer)]
    public async Task A_page_with_state_but_without_frames_is_written_once(Lost lost)
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var run = QueueHarness.NewRun(await queue.NewThreadAsync()) with
        {
            Request = """{"input":{"messages":"hello"},"stream_mode":["custom"]}""",
        };
        await queue.CreateAsync(run);
        var attempt = await queue.StartAsync(Node, run.RunId);
        var cut = proxy.CutAt("insert into run_events", lost);

        var write = attempt.Say("answer").WriteAsync();
        await cut;
        await UntilPausedAsync(write);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.True(await write);
        Assert.Equal("hello, answer", await Queue.MessagesAsync(run.ThreadId));
        Assert.Equal(3, await Database.ScalarAsync<long>("select count(*) from checkpoints where thread_id = $1", run.ThreadId));
    }

    [Fact]
    public async Task A_page_that_was_committed_before_the_run_was_taken_away_is_not_ours_any_more()
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var attempt = await queue.StartNewRunAsync(Node);
        var cut = proxy.CutAt("insert into run_events", Lost.Answer);

        var write = attempt.Say("answer").WriteAsync();
        await cut;
        await UntilPausedAsync(write);
        await OtherQueue.ReapAsync(Node);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.False(await write);
    }

    [Theory]
    [InlineData(Lost.Question)]
    [InlineData(Lost.Answer)]
    public async Task A_run_ends_once(Lost lost)
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var attempt = await queue.StartNewRunAsync(Node);
        var cut = proxy.CutAt("delete from run_work", lost);

        var end = attempt.Say("answer").SucceedAsync();
        await cut;
        await UntilPausedAsync(end);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(EndingKind.Ended, (await end).Kind);
        Assert.Equal("success", await Queue.RunsAsync(attempt.Claim.ThreadId));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(attempt.Claim.ThreadId));
        Assert.Equal("hello, answer", await Queue.MessagesAsync(attempt.Claim.ThreadId));
        await AssertDenseAsync(attempt.Claim, 4);
    }

    [Theory]
    [InlineData(Lost.Question)]
    [InlineData(Lost.Answer)]
    public async Task A_run_with_a_successor_ends_once_and_passes_the_slot_on(Lost lost)
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var attempt = await queue.StartNewRunAsync(Node);
        await queue.CreateRunAsync(attempt.Claim.ThreadId);
        var cut = proxy.CutAt("COMMIT\0", lost);

        var end = attempt.SucceedAsync();
        await cut;
        await UntilPausedAsync(end);
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(EndingKind.Ended, (await end).Kind);
        Assert.Equal("success, ready", await Queue.RunsAsync(attempt.Claim.ThreadId));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(attempt.Claim.ThreadId));
    }

    [Theory]
    [InlineData(Lost.Question)]
    [InlineData(Lost.Answer)]
    public async Task A_run_is_erased_once_and_passes_the_slot_on(Lost lost)
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var attempt = await queue.StartNewRunAsync(Node);
        await queue.CreateRunAsync(attempt.Claim.ThreadId);
        var cut = proxy.CutAt("COMMIT\0", lost);

        var end = attempt.RollBackAsync();
        await cut;
        await UntilPausedAsync(end);
        time.Advance(TimeSpan.FromSeconds(1));

        await end;
        Assert.Equal("ready", await Queue.RunsAsync(attempt.Claim.ThreadId));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(attempt.Claim.ThreadId));
    }

    [Theory]
    [InlineData(Lost.Question)]
    [InlineData(Lost.Answer)]
    public async Task A_run_that_became_an_update_is_one_update_whatever_its_caller_was_told(Lost lost)
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        queue.Agents.Replace([SteerableAgent.Define(SteerPolicy.Steer) with { Id = "echo" }]);
        var attempt = await queue.StartNewRunAsync(Node);
        var run = QueueHarness.NewRun(attempt.Claim.ThreadId, MultitaskStrategy.Steer, text: "told") with { BringsOnlyMessages = true };
        var cut = proxy.CutAt("COMMIT\0", lost);

        var create = queue.CreateAsync(run);
        await cut;

        if (lost == Lost.Answer)
        {
            Assert.Equal(attempt.Claim.RunId, (await create).Update!.RunId);
        }
        else
        {
            await Assert.ThrowsAnyAsync<Exception>(() => create);
        }

        Assert.Equal(lost == Lost.Answer ? 1 : 0, await Database.ScalarAsync<long>("select count(*) from run_updates where id = $1", run.RunId));
    }

    [Fact]
    public async Task A_write_is_given_up_when_the_lease_is_lost_while_the_database_is_away()
    {
        await using var proxy = new CuttingProxy(ConnectionString);
        await using var queue = new QueueHarness(proxy.ConnectionString, time);
        var attempt = await queue.StartNewRunAsync(Node);
        using var leaseLost = new CancellationTokenSource();
        var ending = attempt.End(RunOutcome.Succeeded);
        await proxy.DisposeAsync();
        await leaseLost.CancelAsync();

        var result = await queue.Completion.FinishAsync(ending, leaseLost.Token);

        Assert.Equal(EndingKind.LeaseLost, result.Kind);
        Assert.Equal("running", await Queue.RunsAsync(attempt.Claim.ThreadId));
    }

    /// <summary>The write has noticed and waits for its next try; the clock is ours.</summary>
    private async Task UntilPausedAsync(Task write)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (time.WaitingTimers == 0 && !write.IsCompleted)
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task AssertDenseAsync(ClaimedRun run, int count)
    {
        var frames = await new EventReader(Queue.Database).ReadFramesAsync(run.ThreadId, run.RunId, 0, TestContext.Current.CancellationToken);
        Assert.Equal(Enumerable.Range(0, frames.Count).Select(position => (long)position), frames.Select(frame => frame.Position));
        Assert.Equal(
            Enumerable.Range(0, count).Select(number => (long?)number), frames.Where(frame => !frame.IsProtocol).Select(frame => frame.Number));
    }
}
