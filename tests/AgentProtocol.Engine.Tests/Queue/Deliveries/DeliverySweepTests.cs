using AgentProtocol.Engine.Tests.Queue.Conformance;
using AgentProtocol.Engine.Tests.Support;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Deliveries;

/// <summary>Which runs are delivered again.</summary>
public sealed class DeliverySweepTests : HangfireHosts
{
    private const int Runs = 30;

    [Fact(Timeout = Limit)]
    public async Task The_oldest_run_is_delivered_again_when_its_job_is_lost_and_no_other_is()
    {
        var host = await StartAsync(("Server:Roles", "api"));
        var sweep = await StopSweepingAsync(host);
        var oldest = await FillAsync(host);
        await LoseJobAsync(oldest);

        // Recovered runs are claimed first, but their jobs come last.
        await Rows.Database.Source.ExecuteAsync("update run_work set priority = -1 where run_id <> $1", oldest);

        Assert.Equal(1, await sweep.SweepAsync(TimeSpan.Zero, Token));

        Assert.Equal(oldest, await NewestJobAsync());
        Assert.Equal(0, await sweep.SweepAsync(TimeSpan.Zero, Token));
    }

    [Fact(Timeout = Limit)]
    public async Task A_lost_job_is_not_hidden_by_those_of_younger_runs()
    {
        var host = await StartAsync(("Server:Roles", "api"));
        var sweep = await StopSweepingAsync(host);
        var oldest = await FillAsync(host);
        await LoseJobAsync(oldest);
        await Rows.Database.Source.ExecuteAsync("update run_work set available_at = available_at - interval '2 hours' where run_id = $1", oldest);

        Assert.Equal(1, await sweep.SweepAsync(TimeSpan.FromHours(1), Token));

        Assert.Equal(oldest, await NewestJobAsync());
    }

    [Fact(Timeout = Limit)]
    public async Task Runs_that_have_their_jobs_are_not_delivered_again()
    {
        var host = await StartAsync(("Server:Roles", "api"));
        var sweep = await StopSweepingAsync(host);
        await FillAsync(host);

        Assert.Equal(0, await sweep.SweepAsync(TimeSpan.Zero, Token));
    }

    [Fact(Timeout = Limit)]
    public async Task One_sweep_delivers_all_that_is_missing()
    {
        var host = await StartAsync(("Server:Roles", "api"));
        var sweep = await StopSweepingAsync(host);
        for (var i = 0; i < 450; i++)
        {
            await Rows.CreateRunAsync(await Rows.NewThreadAsync());
        }

        Assert.Equal(450, await sweep.SweepAsync(TimeSpan.Zero, Token));

        Assert.Equal(450, await Rows.Database.Source.ScalarAsync<long>("select count(distinct arguments) from hangfire.job"));
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_that_its_agent_has_no_room_for_is_not_delivered()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync([agent.Definition(mostAtOnce: 1)]);
        var sweep = await StopSweepingAsync(host);
        await host.CreateRunAsync(await host.CreateThreadAsync(), "first");
        await host.CreateRunAsync(await host.CreateThreadAsync(), "second");
        await agent.NextAsync(Token);
        // The job of the other run was in vain; one that lasts is left.
        await UntilQueuedAsync(1);

        Assert.Equal(0, await sweep.SweepAsync(TimeSpan.Zero, Token));
    }

    /// <summary>Makes runs that have their jobs, and are taken by nobody.</summary>
    /// <returns>The first of them.</returns>
    private async Task<Guid> FillAsync(EngineHost host)
    {
        var oldest = await host.CreateRunAsync(await host.CreateThreadAsync(), "oldest");
        for (var i = 1; i < Runs; i++)
        {
            await host.CreateRunAsync(await host.CreateThreadAsync(), "younger");
        }

        await UntilQueuedAsync(Runs);
        return oldest;
    }

    private Task LoseJobAsync(Guid run) => Rows.Database.Source.ExecuteAsync(
        "delete from hangfire.jobqueue q using hangfire.job j where j.id = q.jobid and j.arguments::text like '%' || $1::text || '%'", run);

    private async Task<Guid> NewestJobAsync() => Guid.Parse((await Rows.Database.Source.ScalarAsync<string>(
        "select substring(j.arguments::text from '[0-9a-f-]{36}') from hangfire.jobqueue q join hangfire.job j on j.id = q.jobid order by j.id desc limit 1")));
}
