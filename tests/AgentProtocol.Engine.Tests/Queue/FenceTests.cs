using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Whoever lost a run writes nothing more, whatever it still holds in its hands.</summary>
public sealed class FenceTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task A_late_page_of_a_reaped_node_writes_nothing()
    {
        var late = await Queue.StartNewRunAsync(Node);
        late.Show("1").Say("never");
        Assert.Equal(1, await OtherQueue.ReapAsync(Node));
        var before = await RowsAsync(late.Claim);

        Assert.False(await late.WriteAsync());

        Assert.Equal(before, await RowsAsync(late.Claim));
    }

    [Fact]
    public async Task A_late_page_writes_nothing_after_another_node_went_on()
    {
        var late = await Queue.StartNewRunAsync(Node);
        await OtherQueue.ReapAsync(Node);
        var successor = await OtherQueue.StartAsync(OtherNode, late.Claim.RunId);
        Assert.True(await successor.Say("second attempt").WriteAsync());
        var before = await RowsAsync(late.Claim);

        Assert.False(await late.Show("1").WriteAsync());
        Assert.False(await late.Say("never").WriteAsync());
        Assert.Equal(EndingKind.LeaseLost, (await late.SucceedAsync()).Kind);
        Assert.Equal(EndingKind.LeaseLost, (await late.RollBackAsync()).Kind);
        Assert.Equal(EndingKind.LeaseLost, (await Queue.Completion.HandBackAsync(late.Claim, CancellationToken.None)).Kind);
        Assert.Equal(EndingKind.LeaseLost, (await Queue.Completion.RetryLaterAsync(late.Claim, TimeSpan.Zero, CancellationToken.None)).Kind);

        Assert.Equal(before, await RowsAsync(late.Claim));
        Assert.Equal(EndingKind.Ended, (await successor.SucceedAsync()).Kind);
    }

    [Fact]
    public async Task A_late_page_with_the_right_number_writes_nothing_before_its_successor_has_begun()
    {
        var late = await Queue.StartNewRunAsync(Node);
        await OtherQueue.ReapAsync(Node);
        await OtherQueue.ClaimAsync(OtherNode, late.Claim.RunId);
        var before = await RowsAsync(late.Claim);

        var page = late.Show("1").Freeze();
        Assert.False(await late.WriteAsync(page));
        Assert.False(await late.WriteAsync(late.Say("never").Freeze() with { First = page.First }));
        Assert.Equal(EndingKind.LeaseLost, (await late.EndAsync(late.End(RunOutcome.Succeeded) with { Page = page with { Frames = [] } })).Kind);

        Assert.Equal(before, await RowsAsync(late.Claim));
    }

    [Fact]
    public async Task A_page_that_waited_for_the_row_while_it_was_taken_away_writes_nothing()
    {
        var late = await Queue.StartNewRunAsync(Node);
        var before = await CountAsync();
        await using var reaper = await HeldTransaction.BeginAsync(
            Queue, "update run_work set state = 2, node = null, fence = fence + 1 where run_id = $1", late.Claim.RunId);

        var write = late.Show("1").WriteAsync();
        await reaper.UntilBlocksAsync(1);
        await reaper.CommitAsync();

        Assert.False(await write);
        Assert.Equal(before, await CountAsync());

        Task<long> CountAsync() => Database.ScalarAsync<long>("select sum(count) from run_events where run_id = $1", late.Claim.RunId);
    }

    [Fact]
    public async Task Every_take_over_raises_the_fence()
    {
        var claim = (await Queue.StartNewRunAsync(Node)).Claim;
        List<int> fences = [claim.Fence];

        await Queue.Completion.HandBackAsync(claim, CancellationToken.None);
        fences.Add(await FenceAsync());
        claim = await Queue.ClaimAsync(Node, claim.RunId);
        fences.Add(claim.Fence);
        await Queue.Completion.RetryLaterAsync(claim, TimeSpan.Zero, CancellationToken.None);
        fences.Add(await FenceAsync());
        await Database.ExecuteAsync("update run_work set state = 2 where run_id = $1", claim.RunId);
        claim = await Queue.ClaimAsync(Node, claim.RunId);
        fences.Add(claim.Fence);
        await Queue.ReapAsync(Node);
        fences.Add(await FenceAsync());

        Assert.Equal(fences.Distinct().Order(), fences);

        Task<int> FenceAsync() => Database.ScalarAsync<int>("select fence from run_work where run_id = $1", claim.RunId);
    }

    [Fact]
    public async Task A_page_that_skips_or_repeats_numbers_is_refused()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var page = attempt.Show("1").Freeze();

        Assert.False(await attempt.WriteAsync(page with { First = page.First + 1 }));
        Assert.False(await attempt.WriteAsync(page with { First = page.First - 1 }));
        Assert.True(await attempt.WriteAsync(page));
    }

    [Fact]
    public async Task A_run_whose_thread_was_deleted_writes_nothing()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var removed = await Engine.Storage.ThreadRemoval.DeleteAsync(
            connection, [attempt.Claim.ThreadId], TestContext.Current.CancellationToken);

        Assert.Equal([attempt.Claim.RunId], removed);
        Assert.False(await attempt.Show("1").WriteAsync());
        Assert.False(await attempt.Say("never").WriteAsync());
        Assert.Equal(EndingKind.LeaseLost, (await attempt.SucceedAsync()).Kind);
        Assert.Equal("0|0|0|0|0", Assert.Single(await Database.LinesAsync(
            """
            select (select count(*) from threads where thread_id = $1), (select count(*) from thread_heads where thread_id = $1),
                   (select count(*) from checkpoints where thread_id = $1), (select count(*) from runs where thread_id = $1),
                   (select count(*) from run_events where run_id = $2)
            """,
            attempt.Claim.ThreadId, attempt.Claim.RunId)));
    }

    [Fact]
    public async Task Deleting_a_thread_takes_the_page_along_that_is_just_being_written()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var page = attempt.Show("1").Freeze();
        await using var writer = await HeldTransaction.LockWorkAsync(Queue, attempt.Claim.RunId);
        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);

        var delete = Engine.Storage.ThreadRemoval.DeleteAsync(connection, [attempt.Claim.ThreadId], TestContext.Current.CancellationToken);
        await writer.UntilBlocksAsync(1);
        await writer.ExecuteAsync(
            "insert into run_events (run_id, first_event, count, frames) values ($1, 1000, 1, $2)", page.RunId, Frame.Write(page.Frames));
        await writer.CommitAsync();
        await delete;

        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from run_events where run_id = $1", page.RunId));
    }

    [Fact]
    public async Task A_cancelled_run_keeps_what_it_committed_and_takes_no_more()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        Assert.True(await attempt.Say("kept").WriteAsync());
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);
        Assert.Equal(EndingKind.Ended, (await attempt.EndAsync(RunOutcome.Interrupted("Cancelled"))).Kind);
        var before = await RowsAsync(attempt.Claim);

        Assert.False(await attempt.Say("never").WriteAsync());

        Assert.Equal(before, await RowsAsync(attempt.Claim));
        Assert.Equal("hello, kept", await Queue.MessagesAsync(attempt.Claim.ThreadId));
    }

    /// <summary>All that a worker can write of a run.</summary>
    private Task<IReadOnlyList<string>> RowsAsync(ClaimedRun run) => Database.LinesAsync(
        """
        select 'event', first_event, frames from run_events where run_id = $1
        union all select 'checkpoint', n, coalesce(delta, snapshot) from checkpoints where thread_id = $2
        union all select 'work', next_event, concat_ws(' ', state, node, fence, attempt) from run_work where run_id = $1
        union all select 'run', event_count, status from runs where run_id = $1
        union all select 'head', head_n, concat_ws(' ', head, active_run, status) from thread_heads where thread_id = $2
        order by 1, 2
        """,
        run.RunId, run.ThreadId);
}
