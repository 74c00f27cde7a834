using System.Diagnostics;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>A run is created while the run before it ends. Whatever the order, it gets the slot in the end.</summary>
public sealed class CreateAgainstFinishTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task A_create_that_waits_for_a_finish_takes_the_free_slot()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var thread = attempt.Claim.ThreadId;
        await using var gate = await HeldTransaction.LockHeadAsync(Queue, thread);
        var finish = attempt.SucceedAsync();
        await gate.UntilBlocksAsync(1);
        var create = OtherQueue.CreateRunAsync(thread);
        await gate.UntilBlocksAsync(2);
        await gate.CommitAsync();

        Assert.Equal(new EndingResult(EndingKind.Ended), await finish);
        Assert.NotEqual(Guid.Empty, await create);
        Assert.Equal("success, ready", await Queue.RunsAsync(thread));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task A_finish_that_waits_for_a_create_passes_the_slot_on()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var thread = attempt.Claim.ThreadId;
        await using var gate = await HeldTransaction.LockHeadAsync(Queue, thread);
        var create = OtherQueue.CreateRunAsync(thread);
        await gate.UntilBlocksAsync(1);
        var finish = attempt.SucceedAsync();
        await gate.UntilBlocksAsync(2);
        await gate.CommitAsync();

        Assert.Equal(new EndingResult(EndingKind.Ended, await create), await finish);
        Assert.Equal("success, ready", await Queue.RunsAsync(thread));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task A_run_enqueued_while_the_finish_already_waits_is_not_taken_for_delayed()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var (thread, successor) = (attempt.Claim.ThreadId, Guid.CreateVersion7());
        await using var create = await HeldTransaction.LockHeadAsync(Queue, thread);
        var finish = attempt.SucceedAsync();
        await create.UntilBlocksAsync(1);
        // By the clock of the finishing transaction this is in the future.
        await create.ExecuteAsync(
            """
            with run as (
                insert into runs (run_id, thread_id, run_no, agent, assistant_id, request, strategy) values ($1, $2, 2, 'echo', $1, '{}', 'enqueue')),
            work as (insert into run_work (run_id, thread_id, run_no, state, available_at) values ($1, $2, 2, 0, clock_timestamp()))
            update thread_heads set run_no = 2, waiting = 1 where thread_id = $2
            """,
            successor, thread);
        await create.CommitAsync();

        Assert.Equal(new EndingResult(EndingKind.Ended, successor), await finish);
    }

    [Fact]
    public async Task The_slot_goes_to_the_run_that_waits_longest()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var second = await Queue.CreateRunAsync(attempt.Claim.ThreadId);
        await Queue.CreateRunAsync(attempt.Claim.ThreadId);

        Assert.Equal(second, (await attempt.SucceedAsync()).Promoted);
        Assert.Equal("success, ready, waiting", await Queue.RunsAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_delayed_successor_gets_the_slot_and_keeps_its_delay()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var thread = attempt.Claim.ThreadId;
        var delayed = await Queue.CreateRunAsync(thread, delay: TimeSpan.FromHours(1));

        Assert.Null((await attempt.SucceedAsync()).Promoted);

        Assert.Equal("success, delayed", await Queue.RunsAsync(thread));
        Assert.Null(await Queue.Claims.ClaimOneAsync(Node, delayed, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Creates_and_finishes_of_one_thread_in_any_order_end_with_every_run_done()
    {
        var thread = await Queue.NewThreadAsync();
        var creates = Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? Queue : OtherQueue).CreateRunAsync(thread)).ToList();
        var executed = 0;
        var since = Stopwatch.GetTimestamp();
        while (executed < creates.Count)
        {
            Assert.True(
                Stopwatch.GetElapsedTime(since) < TimeSpan.FromSeconds(15),
                $"{executed} executed, then none: {await Queue.HeadAsync(thread)}: {await Queue.RunsAsync(thread)}");
            foreach (var claim in await Queue.Claims.ClaimAsync(Node, 10, TestContext.Current.CancellationToken))
            {
                Assert.Equal(EndingKind.Ended, (await (await Attempt.BeginAsync(Queue, claim)).SucceedAsync()).Kind);
                executed++;
            }
        }

        await Task.WhenAll(creates);
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
        Assert.Equal(30, await Database.ScalarAsync<long>("select count(*) from runs where thread_id = $1 and status = 'success'", thread));
    }

    [Fact]
    public async Task Of_two_rejecting_creates_on_a_free_thread_one_is_stored()
    {
        var thread = await Queue.NewThreadAsync();
        await using var gate = await HeldTransaction.LockHeadAsync(Queue, thread);
        var creates = new[] { Queue, OtherQueue }.Select(queue => queue.CreateAsync(QueueHarness.NewRun(thread, MultitaskStrategy.Reject))).ToList();
        await gate.UntilBlocksAsync(2);
        await gate.CommitAsync();

        var results = await Task.WhenAll(creates);
        Assert.Equal([RunRefusal.None, RunRefusal.ThreadBusy], results.Select(result => result.Refusal).Order());
        Assert.Equal("ready", await Queue.RunsAsync(thread));
    }

    [Fact]
    public async Task Of_two_runs_for_a_free_thread_in_one_statement_one_waits_behind_the_other()
    {
        var thread = await Queue.NewThreadAsync();

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Queue.CreateRunAsync(thread)));

        Assert.Equal("busy 19 0 t", await Queue.HeadAsync(thread));
        Assert.Equal("ready" + string.Concat(Enumerable.Repeat(", waiting", 19)), await Queue.RunsAsync(thread));
    }
}
