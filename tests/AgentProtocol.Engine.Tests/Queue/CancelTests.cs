using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

public sealed class CancelTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task Completion_wins_against_an_interrupt()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);

        Assert.Equal(EndingKind.Ended, (await attempt.SucceedAsync()).Kind);

        Assert.Equal("success", await Queue.RunsAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_committed_rollback_wins_against_completion()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Rollback);

        Assert.Equal(EndingKind.MustRollBack, (await attempt.SucceedAsync()).Kind);
        Assert.Equal(EndingKind.Ended, (await attempt.RollBackAsync()).Kind);

        Assert.Equal("", await Queue.RunsAsync(attempt.Claim.ThreadId));
        Assert.Equal("", await Queue.MessagesAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_finish_that_waits_for_a_rollback_being_committed_obeys_it()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await using var cancel = await HeldTransaction.BeginAsync(
            Queue, "update run_work set settle = 'rollback', signal_no = signal_no + 1 where run_id = $1 and state = 3", attempt.Claim.RunId);
        var finish = attempt.SucceedAsync();
        await cancel.UntilBlocksAsync(1);
        await cancel.CommitAsync();

        Assert.Equal(EndingKind.MustRollBack, (await finish).Kind);
    }

    [Fact]
    public async Task A_cancel_that_waits_for_a_finish_finds_the_run_ended()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await using var gate = await HeldTransaction.LockWorkAsync(Queue, attempt.Claim.RunId);
        var finish = attempt.SucceedAsync();
        await gate.UntilBlocksAsync(1);
        var cancel = OtherQueue.CancelAsync(attempt.Claim.RunId, CancelAction.Rollback);
        await gate.UntilBlocksAsync(2);
        await gate.CommitAsync();

        Assert.Equal(EndingKind.Ended, (await finish).Kind);
        var effects = await cancel;
        Assert.Empty(effects.Signalled);
        Assert.Empty(effects.Ended);
        Assert.Equal("success", await Queue.RunsAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_cancel_against_a_claim_tells_the_node_that_claimed()
    {
        var run = await Queue.CreateRunAsync(await Queue.NewThreadAsync());
        await using var claim = await HeldTransaction.BeginAsync(
            Queue, $"update run_work set state = 3, node = '{Node}', fence = fence + 1, attempt = 1 where run_id = $1", run);
        var cancel = OtherQueue.CancelAsync(run, CancelAction.Interrupt);
        await claim.UntilBlocksAsync(1);
        await claim.CommitAsync();

        Assert.Equal([(run, Node)], (await cancel).Signalled);
        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Contains(
            new RunSignal(run, "interrupt", "Cancelled by a test", 0),
            await NodeRegistry.ReadSignalsAsync(connection, Node, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_claim_against_a_cancel_finds_nothing()
    {
        var thread = await Queue.NewThreadAsync();
        var run = await Queue.CreateRunAsync(thread);
        Assert.Equal([run], (await Queue.CancelAsync(run, CancelAction.Interrupt)).Ended);

        Assert.Null(await Queue.Claims.ClaimOneAsync(Node, run, TestContext.Current.CancellationToken));
        Assert.Equal("interrupted", await Queue.RunsAsync(thread));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task A_run_told_to_stop_whose_attempt_fails_can_be_claimed_at_once_and_is_said_to_be()
    {
        var stopped = (await Queue.StartNewRunAsync(Node)).Claim;
        var other = (await Queue.StartNewRunAsync(Node)).Claim;
        await Queue.CancelAsync(stopped.RunId, CancelAction.Interrupt);

        Assert.Equal(stopped.RunId, (await Queue.Completion.RetryLaterAsync(stopped, TimeSpan.FromHours(1), CancellationToken.None)).Promoted);
        Assert.Null((await Queue.Completion.RetryLaterAsync(other, TimeSpan.FromHours(1), CancellationToken.None)).Promoted);

        await Queue.ClaimAsync(Node, stopped.RunId);
    }

    [Fact]
    public async Task Cancelling_the_slot_holder_passes_the_slot_on()
    {
        var thread = await Queue.NewThreadAsync();
        var first = await Queue.CreateRunAsync(thread, delay: TimeSpan.FromHours(1));
        var second = await Queue.CreateRunAsync(thread);

        Assert.Equal(second, (await Queue.CancelAsync(first, CancelAction.Interrupt)).Promoted);

        Assert.Equal("interrupted, ready", await Queue.RunsAsync(thread));
    }

    [Theory]
    [InlineData(CancelAction.Interrupt)]
    [InlineData(CancelAction.Rollback)]
    public async Task Cancelling_a_waiting_run_leaves_the_slot_where_it_is(CancelAction action)
    {
        var thread = await Queue.NewThreadAsync();
        await Queue.CreateRunAsync(thread);
        var waiting = await Queue.CreateRunAsync(thread);

        await Queue.CancelAsync(waiting, action);

        Assert.Equal(action == CancelAction.Interrupt ? "ready, interrupted" : "ready", await Queue.RunsAsync(thread));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task An_interrupt_never_softens_a_rollback_of_a_running_run()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Rollback);
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);
        await Queue.CreateRunAsync(attempt.Claim.ThreadId, MultitaskStrategy.Interrupt);

        Assert.Equal(EndingKind.MustRollBack, (await attempt.EndAsync(RunOutcome.Interrupted("Cancelled"))).Kind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_interrupt_never_softens_a_rollback_of_a_run_that_lost_its_node(bool byNewRun)
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Rollback);
        await Queue.ReapAsync(Node);

        if (byNewRun)
        {
            await Queue.CreateRunAsync(attempt.Claim.ThreadId, MultitaskStrategy.Interrupt);
        }
        else
        {
            await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);
        }

        Assert.Equal(byNewRun ? "ready" : "", await Queue.RunsAsync(attempt.Claim.ThreadId));
        Assert.Equal("", await Queue.MessagesAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task A_run_cancelled_while_its_node_is_dead_is_claimed_only_to_be_ended()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);
        await Queue.ReapAsync(Node);

        var claim = await Queue.ClaimAsync(OtherNode, attempt.Claim.RunId);

        Assert.Equal(("interrupt", "Cancelled by a test"), (claim.Settle, claim.SettleReason));
    }
}
