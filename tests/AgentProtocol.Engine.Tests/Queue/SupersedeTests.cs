using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>A newer run takes over a thread, by interrupt or by rollback (wire-contract 5.4).</summary>
public sealed class SupersedeTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task Inputs_of_runs_that_never_started_are_merged_in_their_order()
    {
        var thread = await Queue.NewThreadAsync();
        await Queue.CreateRunAsync(thread, text: "one");
        await Queue.CreateRunAsync(thread, text: "two");
        await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "three");
        var last = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "four");
        Assert.Equal("interrupted, interrupted, interrupted, ready", await Queue.RunsAsync(thread));
        Assert.Equal("busy 0 3 t", await Queue.HeadAsync(thread));

        var attempt = await Queue.StartAsync(Node, last);
        await attempt.Say("answer").SucceedAsync();

        Assert.Equal("one, two, three, four, answer", await Queue.MessagesAsync(thread));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task Inputs_are_carried_behind_a_running_run_and_merged_after_its_end()
    {
        var running = await Queue.StartNewRunAsync(Node, "one");
        var thread = running.Claim.ThreadId;
        await Queue.CreateRunAsync(thread, text: "two");
        var last = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "three");
        Assert.Equal("running, interrupted, waiting", await Queue.RunsAsync(thread));

        Assert.Equal(last, (await running.Say("half").EndAsync(RunOutcome.Interrupted("Superseded"))).Promoted);
        await Queue.StartAsync(Node, last);

        Assert.Equal("one, half, two, three", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task A_run_that_merges_older_inputs_leaves_newer_ones_to_their_successor()
    {
        var thread = await Queue.NewThreadAsync();
        await Queue.CreateRunAsync(thread, text: "one");
        var second = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "two");
        var starting = await Attempt.BeginAsync(Queue, await Queue.ClaimAsync(Node, second));
        await Queue.CreateRunAsync(thread, text: "three");
        var last = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "four");

        Assert.True(await starting.WriteAsync());
        Assert.Equal("one, two", await Queue.MessagesAsync(thread));
        await starting.EndAsync(RunOutcome.Interrupted("Superseded"));
        await Queue.StartAsync(Node, last);

        Assert.Equal("one, two, three, four", await Queue.MessagesAsync(thread));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task A_run_that_ends_at_once_leaves_newer_inputs_to_their_successor()
    {
        var thread = await Queue.NewThreadAsync();
        await Queue.CreateRunAsync(thread, text: "one");
        var second = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "two");
        var starting = await Attempt.BeginAsync(Queue, await Queue.ClaimAsync(Node, second));
        await Queue.CreateRunAsync(thread, text: "three");
        var last = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "four");

        Assert.Equal(new EndingResult(EndingKind.Ended, last), await starting.EndAsync(RunOutcome.Interrupted("Superseded")));
        await Queue.StartAsync(Node, last);

        Assert.Equal("one, two, three, four", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task An_interrupt_against_a_claim_of_the_slot_holder_stops_it()
    {
        var thread = await Queue.NewThreadAsync();
        var older = await Queue.CreateRunAsync(thread);
        await using var claim = await HeldTransaction.BeginAsync(
            Queue, $"update run_work set state = 3, node = '{Node}', fence = fence + 1, attempt = 1 where run_id = $1", older);
        var create = OtherQueue.CreateAsync(QueueHarness.NewRun(thread, MultitaskStrategy.Interrupt));
        await claim.UntilBlocksAsync(1);
        await claim.CommitAsync();

        Assert.Equal([(older, Node)], (await create).Effects.Signalled);
        Assert.Equal("running, waiting", await Queue.RunsAsync(thread));
        Assert.Equal("busy 1 0 t", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task A_claim_against_an_interrupt_finds_the_slot_with_the_newer_run()
    {
        var thread = await Queue.NewThreadAsync();
        var older = await Queue.CreateRunAsync(thread);
        var newer = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt);

        Assert.Null(await Queue.Claims.ClaimOneAsync(Node, older, TestContext.Current.CancellationToken));
        Assert.NotNull(await Queue.Claims.ClaimOneAsync(Node, newer, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_rollback_erases_waiting_runs_at_once_and_the_running_one_when_it_stops()
    {
        var running = await Queue.StartNewRunAsync(Node, "one");
        var thread = running.Claim.ThreadId;
        await Queue.CreateRunAsync(thread, text: "two");
        var last = await Queue.CreateRunAsync(thread, MultitaskStrategy.Rollback, "three");
        Assert.Equal("running, waiting", await Queue.RunsAsync(thread));

        Assert.Equal(new EndingResult(EndingKind.Ended, last), await running.RollBackAsync());
        await Queue.StartAsync(Node, last);

        Assert.Equal("running", await Queue.RunsAsync(thread));
        Assert.Equal("three", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task A_rollback_restores_head_and_values_and_leaves_no_trace()
    {
        var first = await Queue.StartNewRunAsync(Node, "one");
        var thread = first.Claim.ThreadId;
        await first.Update("""{"topic":"before","messages":[{"type":"ai","content":"answer"}]}""").SucceedAsync();
        var before = await HeadRowAsync(thread);
        var second = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "two"));
        Assert.True(await second.Update("""{"topic":"after","extra":1}""").Show("1").WriteAsync());
        Assert.NotEqual(before, await HeadRowAsync(thread));

        await Queue.CancelAsync(second.Claim.RunId, CancelAction.Rollback);
        Assert.Equal(EndingKind.Ended, (await second.RollBackAsync()).Kind);

        Assert.Equal(before, await HeadRowAsync(thread));
        Assert.Equal("one, answer", await Queue.MessagesAsync(thread));
        Assert.Equal("0|0|0", Assert.Single(await Database.LinesAsync(
            """
            select (select count(*) from runs where run_id = $1), (select count(*) from run_events where run_id = $1),
                   (select count(*) from checkpoints where run_id = $1)
            """,
            second.Claim.RunId)));

        var third = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "three"));
        Assert.Equal(EndingKind.Ended, (await third.SucceedAsync()).Kind);
        Assert.Equal("one, answer, three", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task A_rollback_of_the_first_run_leaves_an_empty_thread()
    {
        var run = await Queue.StartNewRunAsync(Node);
        await run.Say("answer").WriteAsync();

        Assert.Equal(EndingKind.Ended, (await run.RollBackAsync()).Kind);

        Assert.Equal("|0|0|{}|idle", await HeadRowAsync(run.Claim.ThreadId));
        Assert.Equal("", await Queue.MessagesAsync(run.Claim.ThreadId));
        var next = await Queue.StartAsync(Node, await Queue.CreateRunAsync(run.Claim.ThreadId, text: "again"));
        Assert.Equal(EndingKind.Ended, (await next.SucceedAsync()).Kind);
        Assert.Equal("again", await Queue.MessagesAsync(run.Claim.ThreadId));
    }

    [Fact]
    public async Task A_run_that_had_started_and_lost_its_node_is_superseded_with_what_it_did()
    {
        var older = await Queue.StartNewRunAsync(Node, "one");
        await older.Say("half").WriteAsync();
        await Queue.ReapAsync(Node);
        var newer = await Queue.CreateRunAsync(older.Claim.ThreadId, MultitaskStrategy.Interrupt, "two");
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(older.Claim.ThreadId));

        await Queue.StartAsync(OtherNode, newer);

        Assert.Equal("one, half, two", await Queue.MessagesAsync(older.Claim.ThreadId));
    }

    private async Task<string> HeadRowAsync(Guid thread) => Assert.Single(await Database.LinesAsync(
        "select head, head_n, segment, \"values\", status from thread_heads where thread_id = $1", thread));
}
