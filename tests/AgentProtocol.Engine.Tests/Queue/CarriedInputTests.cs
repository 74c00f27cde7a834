using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>What a user said to a run that was superseded before it started is never lost, whatever becomes of the run that carries it.</summary>
public sealed class CarriedInputTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_stays_when_the_run_that_carries_it_is_rolled_back()
    {
        var running = await Queue.StartNewRunAsync(Node, "one");
        var thread = running.Claim.ThreadId;
        await Queue.CreateRunAsync(thread, text: "two");
        var carrier = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "three");
        await running.Say("half").EndAsync(RunOutcome.Interrupted("Superseded"));
        var attempt = await Queue.StartAsync(Node, carrier);
        Assert.Equal("one, half, two, three", await Queue.MessagesAsync(thread));

        await attempt.RollBackAsync();
        Assert.Equal("one, half, two", await Queue.MessagesAsync(thread));

        var next = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "four"));
        await next.Say("answer").SucceedAsync();
        Assert.Equal("one, half, two, four, answer", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task A_thread_that_had_checkpoints_is_no_new_thread_even_when_all_were_rolled_back()
    {
        var thread = await Queue.NewThreadAsync();
        var erased = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "one"));
        await erased.RollBackAsync();
        Queue.Slots.Open(Node, 10);

        var created = (await Queue.CreateAsync(QueueHarness.NewRun(thread, text: "two"))).Created;

        Assert.Equal(await Database.ScalarAsync<int>("select last_n from thread_heads where thread_id = $1", thread), created!.LastN);
        Assert.NotEqual(0, created.LastN);
    }

    [Fact]
    public async Task It_waits_behind_an_answer_and_the_answer_survives_a_lost_attempt()
    {
        var asking = await Queue.StartNewRunAsync(Node, "one");
        var thread = asking.Claim.ThreadId;
        await asking.Say("x").EndAsync(RunOutcome.Paused(new RunPause("echo", [new RunInterrupt("i", "1")])));
        await Queue.CreateRunAsync(thread, text: "two");
        var resume = QueueHarness.NewRun(thread, MultitaskStrategy.Interrupt) with { Request = """{"command":{"resume":"yes"}}""" };
        await Queue.CreateAsync(resume);
        var first = await Attempt.BeginAsync(Queue, await Queue.ClaimAsync(Node, resume.RunId));
        await first.WriteAsync();
        await Queue.ReapAsync(Node);

        var claim = await OtherQueue.ClaimAsync(OtherNode, resume.RunId);
        var start = await OtherQueue.Loader.LoadAsync(claim, RunRequest.Parse(claim.Order!.Request), Token);
        Assert.Equal("i", Assert.Single(start!.Pause!.Interrupts).Id);

        var second = await Attempt.BeginAsync(OtherQueue, claim);
        await second.Say("done").SucceedAsync();
        Assert.Equal("one, x, done, two", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task An_edit_in_the_name_of_the_waiting_step_leaves_nothing_to_wait_for()
    {
        var asking = await Queue.StartNewRunAsync(Node, "one");
        var thread = asking.Claim.ThreadId;
        await asking.Say("x").EndAsync(RunOutcome.Paused(new RunPause("echo", [])));
        Assert.Equal("interrupted 0 0 f", await Queue.HeadAsync(thread));

        await Queue.Service.UpdateStateAsync(QueueHarness.Owner, thread, new Contracts.Threads.ThreadStateUpdate { AsNode = "echo" }, null, Token);

        Assert.Empty((await Queue.Service.GetStateAsync(QueueHarness.Owner, thread, null, Token)).Next);
        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(thread));
    }

    [Fact]
    public async Task A_rolled_back_run_gives_the_failure_before_it_back()
    {
        var failing = await Queue.StartNewRunAsync(Node, "one");
        var thread = failing.Claim.ThreadId;
        await failing.EndAsync(RunOutcome.Failed("X", "boom"));
        var second = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "two"));

        await second.RollBackAsync();

        var shown = await Queue.Service.GetAsync(QueueHarness.Owner, thread, includeTtl: false, Token);
        Assert.Equal((Contracts.Threads.ThreadStatus.Error, "boom"), (shown.Status, shown.Error));
    }
}
