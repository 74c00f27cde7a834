using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Hangfire;
using AgentProtocol.Testing;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Conformance;

/// <summary>The rules for Hangfire, with jobs that last as long as their runs, and what only Hangfire can get wrong.</summary>
public sealed class HangfireQueueTests : HangfireConformance
{
    protected override string Mode => "InWorker";

    private protected override async Task CheckDeliveredOnceAsync() =>
        Assert.Equal(1, await Rows.Database.Source.ScalarAsync<long>("select count(*) from hangfire.state where name = 'Processing'"));

    [Fact(Timeout = Limit)]
    public async Task A_job_lasts_as_long_as_its_run_and_leaves_nothing_in_the_queue()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync(agent);
        var run = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await agent.NextAsync(Token);

        Assert.Equal("Processing", await JobStateAsync());
        agent.Release();
        await host.WaitAsync(run);
        await Until.TrueAsync(async () => await JobStateAsync() == "Succeeded", Token);
        Assert.Equal(0, await Rows.Database.Source.ScalarAsync<long>("select count(*) from hangfire.jobqueue"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_job_carries_the_id_of_its_run_and_nothing_else()
    {
        var host = await StartAsync();
        var run = await host.CreateRunAsync(await host.CreateThreadAsync(), "secret");
        await host.WaitAsync(run);

        var jobs = await Rows.Database.Source.LinesAsync("select arguments from hangfire.job");

        Assert.Equal([$"""["\"{run}\""]"""], jobs);
        Assert.Equal(0, await Rows.Database.Source.ScalarAsync<long>("select count(*) from hangfire.state where data::text like '%secret%'"));
    }

    [Fact(Timeout = Limit)]
    public async Task Runs_survive_the_loss_of_all_of_hangfires_rows()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync(agent, ("Runs:MaxConcurrent", "1"));
        var first = await host.CreateRunAsync(await host.CreateThreadAsync(), "first");
        await agent.NextAsync(Token);
        var second = await host.CreateRunAsync(await host.CreateThreadAsync(), "second");
        await Until.TrueAsync(async () => await Rows.Database.Source.ScalarAsync<long>("select count(*) from hangfire.jobqueue") == 2, Token);

        await Rows.Database.Source.ExecuteAsync("truncate hangfire.job, hangfire.jobqueue, hangfire.state, hangfire.jobparameter");
        agent.Release();

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(first)).Run!.Status);
        Assert.Equal(RunStatus.Success, (await host.WaitAsync(second)).Run!.Status);
    }
}

/// <summary>The rules for Hangfire with jobs that end when their runs have begun.</summary>
public sealed class HangfireHandOffTests : HangfireConformance
{
    protected override string Mode => "HandOff";

    [Fact(Timeout = Limit)]
    public async Task A_job_is_over_when_its_run_has_begun()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync(agent);
        var run = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await agent.NextAsync(Token);

        await Until.TrueAsync(async () => await JobStateAsync() == "Succeeded", Token);

        agent.Release();
        Assert.Equal(RunStatus.Success, (await host.WaitAsync(run)).Run!.Status);
    }
}

/// <summary>The rules for Hangfire, where this build has it.</summary>
public abstract class HangfireConformance : QueueConformance
{
    protected abstract string Mode { get; }

    protected override (string, string)[] Settings =>
        [("Runs:Queue", "Hangfire"), ("Hangfire:Mode", Mode), ("Runs:MaxConcurrent", "10"), ("Hangfire:PollInterval", "00:00:00.1")];

    public override ValueTask InitializeAsync()
    {
        Assert.SkipUnless(HangfireQueue.IsBuiltIn, "This build has no Hangfire (UseHangfire=true builds it in): its queue was not tested");
        return base.InitializeAsync();
    }

    [Fact(Timeout = Limit)]
    public async Task Nodes_with_different_queues_take_each_others_runs()
    {
        var (table, hangfire) = (new HeldAgent("table"), new HeldAgent("hangfire"));
        var one = await StartAsync(table, ("Runs:Queue", "Postgres"), ("Runs:MaxConcurrent", "1"));
        var other = await StartAsync(hangfire, ("Runs:MaxConcurrent", "1"));
        var first = await one.CreateRunAsync(await one.CreateThreadAsync(), "first");
        await table.NextAsync(Token);
        var second = await one.CreateRunAsync(await one.CreateThreadAsync(), "second");
        Assert.Equal(second, (await hangfire.NextAsync(Token)).RunId);
        var third = await other.CreateRunAsync(await other.CreateThreadAsync(), "third");

        table.Release();
        await one.WaitAsync(first);
        await one.WaitAsync(third);
        hangfire.Release();
        await other.WaitAsync(second);

        Assert.Equal((1, 0, 1), (table.ExecutionsOf(first), table.ExecutionsOf(second), table.ExecutionsOf(third)));
        Assert.Equal((0, 1, 0), (hangfire.ExecutionsOf(first), hangfire.ExecutionsOf(second), hangfire.ExecutionsOf(third)));
    }

    private protected Task<string> JobStateAsync() => Rows.Database.Source.ScalarAsync<string>("select statename from hangfire.job order by id limit 1");
}
