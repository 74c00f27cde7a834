using AgentProtocol.Agents.Echo;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Queue.Conformance;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Hangfire;
using AgentProtocol.Testing;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Deliveries;

/// <summary>What becomes of the workers when something goes wrong around them.</summary>
public sealed class HangfireWorkerTests : HangfireHosts
{
    [Fact(Timeout = Limit)]
    public async Task All_workers_fetch_again_as_soon_as_the_database_is_back()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync(agent, ("Runs:MaxConcurrent", "20"));
        long broken = 0;
        // More than look for jobs at a time.
        await Until.TrueAsync(async () => (broken += await BreakConnectionsAsync()) >= 20, Token, TimeSpan.FromSeconds(80));

        for (var i = 0; i < 10; i++)
        {
            await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        }

        for (var i = 0; i < 10; i++)
        {
            await agent.NextAsync(Token);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task Workers_whose_jobs_could_not_end_fetch_again_as_soon_as_they_can()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync([EchoAgent.Definition(), agent.Definition() with { Id = "held" }]);
        await Rows.Database.Source.ExecuteAsync(
            """
            create sequence refusals;
            create function refuse() returns trigger language plpgsql as
                $$ begin perform nextval('refusals'); raise exception 'down' using errcode = '57P03'; end $$;
            create trigger refuse before delete on hangfire.jobqueue for each row execute function refuse();
            """);
        await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "hello"));
        // One worker after the other fetches the job that cannot end.
        await Until.TrueAsync(async () => await Rows.Database.Source.ScalarAsync<long>("select last_value from refusals") >= 10, Token);
        await Rows.Database.Source.ExecuteAsync("drop trigger refuse on hangfire.jobqueue");
        for (var i = 0; i < 10; i++)
        {
            await host.CreateRunAsync(await host.CreateThreadAsync(), "hello", "held");
        }

        for (var i = 0; i < 10; i++)
        {
            await agent.NextAsync(Token);
        }
    }

    [Fact(Timeout = Limit)]
    public async Task A_full_node_leaves_the_rest_of_the_queue_to_others()
    {
        const int backlog = 30;
        var (full, free) = (new HeldAgent("full"), new HeldAgent("free"));
        var first = await StartAsync(full, ("Hangfire:Mode", "HandOff"), ("Runs:MaxConcurrent", "20"));
        await StopSweepingAsync(first);
        for (var i = 0; i < 20; i++)
        {
            await first.CreateRunAsync(await first.CreateThreadAsync(), "hello");
            await full.NextAsync(Token);
        }

        // Their jobs are over.
        await UntilQueuedAsync(0);
        for (var i = 0; i < backlog; i++)
        {
            await first.CreateRunAsync(await first.CreateThreadAsync(), "hello");
        }

        await UntilQueuedAsync(backlog);
        var second = await StartAsync(free, ("Hangfire:Mode", "HandOff"), ("Runs:MaxConcurrent", "50"));
        await StopSweepingAsync(second);
        for (var i = 0; i < backlog; i++)
        {
            await free.NextAsync(Token);
        }

        Assert.Equal(0, first.Get<NodeSlots>().Free);
    }

    [Fact(Timeout = Limit)]
    public async Task A_shutdown_that_takes_too_long_ends_without_an_exception()
    {
        var agent = new HeldAgent("a") { Obeys = false };
        var host = await StartAsync(agent);
        await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await agent.NextAsync(Token);
        var server = Part<HangfireServer>(host);
        await server.StoppingAsync(Token);

        await server.StopAsync(new CancellationToken(canceled: true));

        agent.Release();
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_whose_claim_nobody_has_heard_of_is_delivered_again_without_a_sweep()
    {
        var host = await StartAsync();
        await StopSweepingAsync(host);
        var run = await Rows.CreateRunAsync(await Rows.NewThreadAsync());

        await Rows.ClaimAsync(host.Get<NodeSlots>().NodeId!.Value, run);

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(run)).Run!.Status);
    }

    private Task<long> BreakConnectionsAsync() => Rows.Database.Source.ScalarAsync<long>(
        """
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and application_name = 'agentprotocol-hangfire'
        """);
}
