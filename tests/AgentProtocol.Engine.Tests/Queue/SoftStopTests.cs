using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>A running run of an agent that is to lose nothing is told to stop at its next checkpoint, and everything harder overrides that.</summary>
public sealed class SoftStopTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_interrupt_by_a_newer_run_is_soft_for_agents_that_say_so_and_stays_soft()
    {
        var run = await StartSoftAsync();

        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);
        Assert.Equal("steer|Superseded by a newer run", await SettleAsync(run));
        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);
        Assert.Equal("steer|Superseded by a newer run", await SettleAsync(run));
    }

    [Fact]
    public async Task An_interrupt_by_a_newer_run_is_hard_for_all_other_agents()
    {
        var run = await Queue.StartNewRunAsync(Node);

        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);

        Assert.Equal("interrupt|Superseded by a newer run", await SettleAsync(run));
    }

    [Fact]
    public async Task A_rollback_is_never_soft()
    {
        var run = await StartSoftAsync();

        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Rollback);
        Assert.Equal("rollback|Superseded by a newer run", await SettleAsync(run));
        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);
        Assert.Equal("rollback|Superseded by a newer run", await SettleAsync(run));
    }

    [Theory]
    [InlineData(CancelAction.Interrupt, "interrupt")]
    [InlineData(CancelAction.Rollback, "rollback")]
    public async Task A_cancel_overrides_it(CancelAction action, string settle)
    {
        var run = await StartSoftAsync();
        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);

        await Queue.CancelAsync(run.Claim.RunId, action);

        Assert.Equal(settle, (await SettleAsync(run)).Split('|')[0]);
    }

    [Fact]
    public async Task It_does_not_soften_a_cancel()
    {
        var run = await StartSoftAsync();
        await Queue.CancelAsync(run.Claim.RunId, CancelAction.Interrupt);

        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);

        Assert.Equal("interrupt", (await SettleAsync(run)).Split('|')[0]);
    }

    [Fact]
    public async Task A_deadline_overrides_it()
    {
        var run = await StartSoftAsync();
        await Queue.CreateRunAsync(run.Claim.ThreadId, MultitaskStrategy.Interrupt);
        await Database.ExecuteAsync("update run_work set deadline_at = now() - interval '1 minute' where run_id = $1", run.Claim.RunId);
        await using var connection = await Queue.Database.Source.OpenConnectionAsync(Token);

        Assert.Equal(1, await RunMaintenance.ExpireAsync(connection, Token));

        Assert.Equal("timeout", (await SettleAsync(run)).Split('|')[0]);
    }

    [Fact]
    public async Task The_newer_run_starts_from_what_the_older_one_has_finished_and_was_told()
    {
        var run = await StartSoftAsync();
        var thread = run.Claim.ThreadId;
        await Queue.TellAsync(thread, run.Claim.RunId, "told");
        var newer = await Queue.CreateRunAsync(thread, MultitaskStrategy.Interrupt, "newer");
        Assert.Null(await Queue.TellAsync(thread, run.Claim.RunId, "too late"));

        Assert.Equal(newer, (await run.Say("step").EndAsync(RunOutcome.Interrupted("Superseded by a newer run"))).Promoted);
        await Queue.StartAsync(Node, newer);

        Assert.Equal("hello, step, told, newer", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task The_strategy_steer_tells_the_run_in_flight_of_the_same_assistant()
    {
        var run = await StartSoftAsync();
        var thread = run.Claim.ThreadId;
        await Queue.CreateRunAsync(thread, text: "waits");

        var result = await Queue.CreateAsync(QueueHarness.NewRun(thread, MultitaskStrategy.Steer, text: "told") with { BringsOnlyMessages = true });

        Assert.Equal((run.Claim.RunId, run.Freeze().First), (result.Update!.RunId, result.Update.NextEvent));
        Assert.Equal([(run.Claim.RunId, Node)], result.Effects.Signalled);
        Assert.Equal("running, waiting", await Queue.RunsAsync(thread));
        Assert.Equal("|", await SettleAsync(run));
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task The_strategy_steer_is_an_interrupt_for_another_assistant_and_for_more_than_messages(bool isSameAssistant, bool bringsOnlyMessages)
    {
        var run = await StartSoftAsync();
        var steering = QueueHarness.NewRun(run.Claim.ThreadId, MultitaskStrategy.Steer) with { BringsOnlyMessages = bringsOnlyMessages };

        var result = await Queue.CreateAsync(isSameAssistant ? steering : steering with { AssistantId = Guid.CreateVersion7() });

        Assert.Equal(RunState.Waiting, result.Created!.State);
        Assert.Equal("running, waiting", await Queue.RunsAsync(run.Claim.ThreadId));
        Assert.Equal("steer|Superseded by a newer run", await SettleAsync(run));
    }

    [Fact]
    public async Task The_strategy_steer_on_a_free_thread_is_an_ordinary_run()
    {
        var thread = await Queue.NewThreadAsync();

        Assert.NotNull((await Queue.CreateAsync(QueueHarness.NewRun(thread, MultitaskStrategy.Steer) with { BringsOnlyMessages = true })).Created);
    }

    /// <summary>A running run of an agent that is steerable, and to be steered.</summary>
    private Task<Attempt> StartSoftAsync()
    {
        Queue.Agents.Replace([SteerableAgent.Define(SteerPolicy.Steer) with { Id = "echo" }]);
        return Queue.StartNewRunAsync(Node);
    }

    private async Task<string> SettleAsync(Attempt run) => Assert.Single(await Database.LinesAsync(
        "select settle, settle_reason from run_work where run_id = $1", run.Claim.RunId));
}
