using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Queue.Model;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>What a run in flight is told is taken by it once, or left to the thread; it is never lost (decision 12).</summary>
public sealed class UpdateTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_update_before_the_end_lets_the_run_go_on_and_nothing_it_has_done_is_lost()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var (thread, id) = (run.Claim.ThreadId, run.Claim.RunId);
        Assert.Equal([(id, Node)], (await Queue.TellAsync(thread, id, "two"))!.Effects.Signalled);

        var refused = run.Say("a").End(RunOutcome.Succeeded);
        Assert.Equal(new EndingResult(EndingKind.Steered, Updates: 1), await run.EndAsync(refused));
        Assert.Equal("running", await Queue.RunsAsync(thread));
        Assert.True(await run.GoOnAsync(refused));
        Assert.True(await (await run.TakeAsync()).WriteAsync());
        Assert.Equal(EndingKind.Ended, (await run.Say("b").SucceedAsync()).Kind);

        Assert.Equal("one, a, two, b", await Queue.MessagesAsync(thread));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task An_update_that_is_taken_in_the_page_of_the_end_does_not_stand_against_the_end()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        await Queue.TellAsync(run.Claim.ThreadId, run.Claim.RunId, "two");

        Assert.Equal(EndingKind.Ended, (await (await run.TakeAsync()).Say("a").SucceedAsync()).Kind);

        Assert.Equal("one, two, a", await Queue.MessagesAsync(run.Claim.ThreadId));
        await CheckAsync();
    }

    [Fact]
    public async Task An_update_against_a_finish_that_waits_behind_it_is_seen_by_the_finish()
    {
        var run = await Queue.StartNewRunAsync(Node);
        var (thread, id) = (run.Claim.ThreadId, run.Claim.RunId);
        await using var held = await HeldTransaction.LockHeadAsync(Queue, thread);
        var told = OtherQueue.TellAsync(thread, id, "two");
        await held.UntilBlocksAsync(1);
        var end = run.SucceedAsync();
        await held.UntilBlocksAsync(2);
        await held.CommitAsync();

        Assert.NotNull(await told);
        Assert.Equal(EndingKind.Steered, (await end).Kind);
        await CheckAsync();
    }

    [Fact]
    public async Task An_update_that_waits_behind_a_finish_comes_too_late_and_is_refused()
    {
        var run = await Queue.StartNewRunAsync(Node);
        var (thread, id) = (run.Claim.ThreadId, run.Claim.RunId);
        await using var held = await HeldTransaction.LockHeadAsync(Queue, thread);
        var end = run.SucceedAsync();
        await held.UntilBlocksAsync(1);
        var told = OtherQueue.TellAsync(thread, id, "two");
        await held.UntilBlocksAsync(2);
        await held.CommitAsync();

        Assert.Equal(EndingKind.Ended, (await end).Kind);
        Assert.Null(await told);
        await CheckAsync();
    }

    [Fact]
    public async Task An_update_against_a_page_with_state_counts_on()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var (thread, id) = (run.Claim.ThreadId, run.Claim.RunId);
        await Queue.TellAsync(thread, id, "two");
        await run.TakeAsync();
        await using var held = await HeldTransaction.LockHeadAsync(Queue, thread);
        var told = OtherQueue.TellAsync(thread, id, "three");
        await held.UntilBlocksAsync(1);
        var write = run.WriteAsync();
        await held.UntilBlocksAsync(2);
        await held.CommitAsync();

        Assert.NotNull(await told);
        Assert.True(await write);
        Assert.Equal("1", await UntakenAsync(thread));
        Assert.Equal("one, two", await Queue.MessagesAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task A_cancelled_run_takes_nothing_more_and_leaves_what_it_has_not_taken_to_the_thread()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var (thread, id) = (run.Claim.ThreadId, run.Claim.RunId);
        await Queue.TellAsync(thread, id, "two");
        await Queue.CancelAsync(id, CancelAction.Interrupt);
        Assert.Null(await Queue.TellAsync(thread, id, "too late"));

        Assert.Equal(EndingKind.Ended, (await run.EndAsync(RunOutcome.Interrupted("Cancelled"))).Kind);

        Assert.Equal("one, two", await Queue.MessagesAsync(thread));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
        Assert.Equal("1 delivered", await StatusesAsync(id));
        await CheckAsync();
    }

    [Fact]
    public async Task Completion_wins_against_an_interrupt_also_when_an_update_was_not_taken()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        await Queue.TellAsync(run.Claim.ThreadId, run.Claim.RunId, "two");
        await Queue.CancelAsync(run.Claim.RunId, CancelAction.Interrupt);

        Assert.Equal(EndingKind.Ended, (await run.Say("a").SucceedAsync()).Kind);

        Assert.Equal("success", await Queue.RunsAsync(run.Claim.ThreadId));
        Assert.Equal("one, a, two", await Queue.MessagesAsync(run.Claim.ThreadId));
        await CheckAsync();
    }

    [Fact]
    public async Task A_rollback_erases_what_the_run_was_told_taken_or_not()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var (thread, id) = (run.Claim.ThreadId, run.Claim.RunId);
        await Queue.TellAsync(thread, id, "taken");
        Assert.True(await (await run.TakeAsync()).WriteAsync());
        await Queue.TellAsync(thread, id, "not taken");
        await Queue.CancelAsync(id, CancelAction.Rollback);
        Assert.Equal(EndingKind.MustRollBack, (await run.SucceedAsync()).Kind);

        Assert.Equal(EndingKind.Ended, (await run.RollBackAsync()).Kind);

        Assert.Equal("", await Queue.MessagesAsync(thread));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from run_updates"));
        await CheckAsync();
    }

    [Fact]
    public async Task A_lost_attempt_that_had_committed_its_taking_does_not_make_the_next_one_take_it_again()
    {
        var lost = await Queue.StartNewRunAsync(Node, "one");
        var (thread, id) = (lost.Claim.ThreadId, lost.Claim.RunId);
        await Queue.TellAsync(thread, id, "two");
        Assert.True(await (await lost.TakeAsync()).WriteAsync());
        await Queue.TellAsync(thread, id, "three");
        await Queue.ReapAsync(Node);

        var next = await OtherQueue.StartAsync(OtherNode, id);
        Assert.Equal(EndingKind.Ended, (await (await next.TakeAsync()).Say("a").SucceedAsync()).Kind);

        Assert.Equal("one, two, three, a", await Queue.MessagesAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task A_lost_attempt_that_had_not_committed_its_taking_leaves_it_to_the_next_one()
    {
        var lost = await Queue.StartNewRunAsync(Node, "one");
        var (thread, id) = (lost.Claim.ThreadId, lost.Claim.RunId);
        await Queue.TellAsync(thread, id, "two");
        await lost.TakeAsync();
        await Queue.ReapAsync(Node);
        Assert.False(await lost.WriteAsync());

        var next = await OtherQueue.StartAsync(OtherNode, id);
        Assert.Equal("accepted", await StatusesAsync(id));
        Assert.Equal(EndingKind.Ended, (await (await next.TakeAsync()).SucceedAsync()).Kind);

        Assert.Equal("one, two", await Queue.MessagesAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task What_a_failed_run_has_not_taken_comes_before_the_input_of_the_next()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var thread = run.Claim.ThreadId;
        await Queue.TellAsync(thread, run.Claim.RunId, "two");
        await Queue.TellAsync(thread, run.Claim.RunId, "three");
        await Queue.CreateRunAsync(thread, text: "four");
        var last = await Queue.CreateRunAsync(thread, text: "five");

        await run.EndAsync(RunOutcome.Failed("T", "m"));
        Assert.Equal("busy 1 2 t", await Queue.HeadAsync(thread));
        var claim = Assert.Single(await Queue.Claims.ClaimAsync(Node, 1, Token));
        var next = await Attempt.BeginAsync(Queue, claim);
        Assert.True(await next.WriteAsync());
        Assert.NotEqual(last, next.Claim.RunId);

        Assert.Equal("one, two, three, four", await Queue.MessagesAsync(thread));
        Assert.Equal("busy 1 0 t", await Queue.HeadAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task A_run_that_never_started_and_is_superseded_leaves_its_input_and_then_what_it_was_told()
    {
        var thread = await Queue.NewThreadAsync();
        var older = await Queue.CreateRunAsync(thread, text: "one");
        Assert.Empty((await Queue.TellAsync(thread, older, "two"))!.Effects.Signalled);
        var newer = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "three");
        await CheckAsync();

        await Queue.StartAsync(Node, newer);

        Assert.Equal("one, two, three", await Queue.MessagesAsync(thread));
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task A_run_that_is_cancelled_before_its_start_leaves_what_it_was_told()
    {
        var thread = await Queue.NewThreadAsync();
        var run = await Queue.CreateRunAsync(thread, text: "one");
        await Queue.TellAsync(thread, run, "two");

        await Queue.CancelAsync(run, CancelAction.Interrupt);

        Assert.Equal("two", await Queue.MessagesAsync(thread));
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task What_comes_while_a_run_asks_a_question_waits_behind_the_answer()
    {
        var asking = await Queue.StartNewRunAsync(Node, "one");
        var thread = asking.Claim.ThreadId;
        await Queue.TellAsync(thread, asking.Claim.RunId, "meanwhile");
        await asking.Say("question").EndAsync(RunOutcome.Paused(new RunPause("echo", [new RunInterrupt("i", "1")])));
        Assert.Equal("interrupted 0 1 f", await Queue.HeadAsync(thread));
        Assert.Equal("one, question", await Queue.MessagesAsync(thread));

        var resume = QueueHarness.NewRun(thread) with { Request = """{"command":{"resume":"yes"}}""" };
        await Queue.CreateAsync(resume);
        await (await Queue.StartAsync(Node, resume.RunId)).Say("done").SucceedAsync();

        Assert.Equal("one, question, done, meanwhile", await Queue.MessagesAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task Deleting_a_run_deletes_what_it_was_told()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var thread = run.Claim.ThreadId;
        await Queue.TellAsync(thread, run.Claim.RunId, "two");
        var next = await Queue.CreateRunAsync(thread, text: "three");
        await run.EndAsync(RunOutcome.Failed("T", "m"));
        Assert.Equal("busy 0 1 t", await Queue.HeadAsync(thread));

        await new RunRemoval(Queue.Database).DeleteAsync(thread, run.Claim.RunId, Token);
        Assert.Equal("busy 0 0 t", await Queue.HeadAsync(thread));
        await Queue.StartAsync(Node, next);

        Assert.Equal("one, three", await Queue.MessagesAsync(thread));
        await CheckAsync();
    }

    [Fact]
    public async Task Deleting_a_thread_deletes_what_its_runs_were_told()
    {
        var run = await Queue.StartNewRunAsync(Node);
        await Queue.TellAsync(run.Claim.ThreadId, run.Claim.RunId, "two");
        await using var connection = await Queue.Database.Source.OpenConnectionAsync(Token);

        await ThreadRemoval.DeleteAsync(connection, [run.Claim.ThreadId], Token);

        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from run_updates"));
    }

    [Fact]
    public async Task A_run_that_waits_behind_another_takes_nothing_yet()
    {
        var run = await Queue.StartNewRunAsync(Node);
        var waiting = await Queue.CreateRunAsync(run.Claim.ThreadId);

        Assert.Null(await Queue.TellAsync(run.Claim.ThreadId, waiting, "two"));
        Assert.NotNull(await Queue.TellAsync(run.Claim.ThreadId, run.Claim.RunId, "two"));
    }

    [Fact]
    public async Task The_same_update_again_is_the_same_update()
    {
        var run = await Queue.StartNewRunAsync(Node, "one");
        var update = new NewUpdate(Guid.CreateVersion7(), QueueHarness.Owner, run.Claim.ThreadId, run.Claim.RunId, """{"messages":[{"role":"user","content":"two"}]}""");

        var both = await Task.WhenAll(Queue.Steering.AcceptAsync(update, Token), OtherQueue.Steering.AcceptAsync(update, Token));

        Assert.Single(both.Select(accepted => accepted!.CreatedAt).Distinct());
        Assert.Equal("1", await UntakenAsync(run.Claim.ThreadId));
    }

    [Fact]
    public async Task The_node_that_executes_the_run_reads_from_its_row_that_there_is_something_to_take()
    {
        var run = await Queue.StartNewRunAsync(Node);
        await Queue.TellAsync(run.Claim.ThreadId, run.Claim.RunId, "two");
        await using var connection = await Queue.Database.Source.OpenConnectionAsync(Token);

        Assert.Equal(
            [new RunSignal(run.Claim.RunId, null, "Cancelled", 1)], await NodeRegistry.ReadSignalsAsync(connection, Node, Token));
    }

    private Task CheckAsync() => new QueueInvariants(Database).CheckRowsAsync();

    private async Task<string> UntakenAsync(Guid thread) =>
        Assert.Single(await Database.LinesAsync("select untaken from thread_heads where thread_id = $1", thread));

    private async Task<string> StatusesAsync(Guid run) => string.Join(", ", await Database.LinesAsync(
        "select case when delivered_at is null then 'accepted' else n || ' delivered' end from run_updates where run_id = $1 order by n", run));
}
