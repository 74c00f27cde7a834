using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;
using ThreadState = AgentProtocol.Contracts.Threads.ThreadState;

namespace AgentProtocol.Engine.Tests.Threads;

/// <summary>Pruning forgets the past and disturbs nobody (wire-contract 3.8).</summary>
public sealed class ThreadPruneTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_latest_state_stands_on_its_own()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.Say("one").SucceedAsync();
        var thread = attempt.Claim.ThreadId;
        await PruneAsync(thread);

        Assert.Equal(["3|3|True|"], await Database.LinesAsync("select n, segment, snapshot is not null, parent_id from checkpoints where thread_id = $1", thread));
        Assert.Equal("hello, one", await Queue.MessagesAsync(thread));
        var next = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "two"));
        await next.SucceedAsync();
        Assert.Equal("hello, one, two", await Queue.MessagesAsync(thread));
    }

    /// <summary>The head before the run is the last of a full segment, so that the run has begun another.</summary>
    [Fact]
    public async Task A_run_can_be_rolled_back_behind_a_prune()
    {
        var thread = await ThreadWithFullSegmentAsync();
        var attempt = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "two"));
        await PruneAsync(thread);
        await attempt.Say("more").WriteAsync();
        await PruneAsync(thread);
        await attempt.RollBackAsync();
        Assert.Equal("hello", await Queue.MessagesAsync(thread));
        Assert.Equal(62, JsonText.Parse((await StateAsync(thread)).Values.Text).GetProperty("step").GetInt32());
    }

    [Fact]
    public async Task A_run_that_has_loaded_its_start_and_written_nothing_is_not_disturbed()
    {
        var thread = await ThreadWithFullSegmentAsync();
        var attempt = await Attempt.BeginAsync(Queue, await Queue.ClaimAsync(Node, await Queue.CreateRunAsync(thread, text: "two")));
        await PruneAsync(thread);
        await attempt.Say("more").SucceedAsync();
        Assert.Equal("hello, two, more", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task Another_attempt_goes_on_behind_a_prune()
    {
        var first = await Queue.StartNewRunAsync(Node);
        await first.Update($$"""{"large":"{{Large}}"}""").WriteAsync();
        await first.Update($$"""{"large":"{{Large}}!"}""").WriteAsync();
        await first.Say("one").WriteAsync();
        await PruneAsync(first.Claim.ThreadId);
        await Queue.ReapAsync(Node);

        var second = await OtherQueue.StartAsync(OtherNode, first.Claim.RunId);
        await second.Say("two").SucceedAsync();
        Assert.Equal("hello, one, two", await Queue.MessagesAsync(first.Claim.ThreadId));
    }

    [Theory]
    [InlineData("""{"checkpoint_id":"ID"}""")]
    [InlineData("""{"checkpoint":{"checkpoint_id":"ID"}}""")]
    [InlineData("""{"config":{"configurable":{"checkpoint_id":"ID"}}}""")]
    public async Task The_checkpoint_that_a_waiting_run_wants_to_start_from_is_kept(string request)
    {
        var thread = await ThreadWithFullSegmentAsync();
        var past = await Database.ScalarAsync<Guid>("select id from checkpoints where thread_id = $1 and n = 2", thread);
        var run = QueueHarness.NewRun(thread) with { Request = request.Replace("ID", past.ToString(), StringComparison.Ordinal) };
        Assert.NotNull((await Queue.CreateAsync(run)).Created);
        await PruneAsync(thread);
        Assert.Equal(past, (await Queue.Service.GetStateAsync(QueueHarness.Owner, thread, past, Token)).CheckpointId);
    }

    [Fact]
    public async Task What_is_known_of_runs_goes_with_the_last_of_their_checkpoints()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.SucceedAsync();
        var copy = (await Queue.Service.CopyAsync(QueueHarness.Owner, attempt.Claim.ThreadId, Token)).ThreadId;
        await PruneAsync(copy);
        Assert.Single(await Database.LinesAsync("select 1 from checkpoint_runs where thread_id = $1", copy));
        await Queue.Service.UpdateStateAsync(QueueHarness.Owner, copy, new ThreadStateUpdate { Values = JsonText.Parse("""{"a":1}""") }, null, Token);
        await PruneAsync(copy);
        Assert.Empty(await Database.LinesAsync("select 1 from checkpoint_runs where thread_id = $1", copy));
    }

    [Fact]
    public async Task Threads_that_are_unknown_or_of_others_are_skipped_and_doubled_ones_count_once()
    {
        var mine = await Queue.NewThreadAsync();
        var foreign = await Queue.NewThreadAsync();
        await Database.ExecuteAsync("update threads set owner = 'somebody' where thread_id = $1", foreign);
        await Database.ExecuteAsync("update thread_heads set owner = 'somebody' where thread_id = $1", foreign);
        foreach (var keepLatest in new[] { true, false })
        {
            Assert.Equal(1, await Queue.Service.PruneAsync(QueueHarness.Owner, [mine, foreign, Guid.NewGuid(), mine], keepLatest, Token));
        }

        Assert.Equal([foreign.ToString()], await Database.LinesAsync("select thread_id from threads"));
    }

    private static string Large { get; } = new('x', 20_000);

    /// <summary>A head that is the last of its segment, for 64 deltas are as many as there may be: whatever comes next begins another.</summary>
    private async Task<Guid> ThreadWithFullSegmentAsync()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        for (var i = 0; i < 63; i++)
        {
            attempt.Update($$"""{"step":{{i}}}""");
        }

        await attempt.SucceedAsync();
        return attempt.Claim.ThreadId;
    }

    private async Task PruneAsync(Guid thread) =>
        Assert.Equal(1, await Queue.Service.PruneAsync(QueueHarness.Owner, [thread], keepLatest: true, Token));

    private Task<ThreadState> StateAsync(Guid thread) => Queue.Service.GetStateAsync(QueueHarness.Owner, thread, null, Token);
}
