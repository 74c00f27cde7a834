using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Agents.Echo;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Conformance;

/// <summary>What holds whichever queue carries the runs.</summary>
public abstract class QueueConformance : QueueHosts
{
    [Fact(Timeout = Limit)]
    public async Task A_run_that_is_signalled_again_and_again_is_executed_once()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync(agent);
        var run = await host.CreateRunAsync(await host.CreateThreadAsync(), "first");
        host.Get<IRunQueue>().Signal([run, run, run]);
        await agent.NextAsync(Token);
        host.Get<IRunQueue>().Signal([run, run]);

        // What comes behind the repeated signals shows that these have been dealt with.
        var next = await host.CreateRunAsync(await host.CreateThreadAsync(), "second");
        await agent.NextAsync(Token);
        agent.Release();
        await host.WaitAsync(run);
        await host.WaitAsync(next);
        host.Get<IRunQueue>().Signal([run, next]);
        await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "third"));

        Assert.Equal(1, agent.ExecutionsOf(run));
        Assert.Equal(1, agent.ExecutionsOf(next));
    }

    [Fact(Timeout = Limit)]
    public async Task A_ready_run_that_nobody_has_signalled_is_found()
    {
        var host = await StartAsync();

        var run = await Rows.CreateRunAsync(await Rows.NewThreadAsync());

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(run)).Run!.Status);
    }

    [Fact(Timeout = Limit)]
    public async Task A_cancel_on_one_node_reaches_a_run_on_another_at_once()
    {
        var agent = new HeldAgent("worker");
        var api = await StartAsync(new HeldAgent("api"), ("Server:Roles", "api"));
        var worker = await StartAsync(agent, ("Server:Roles", "worker"));
        var run = await api.CreateRunAsync(await api.CreateThreadAsync(), "hello");
        await agent.NextAsync(Token);

        await api.Runs.CancelAsync(EngineHost.Owner, null, run, CancelAction.Interrupt, wait: true, Token).WaitAsync(TimeSpan.FromSeconds(5), Token);

        Assert.Equal(RunStatus.Interrupted, (await worker.WaitAsync(run)).Run!.Status);
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_whose_node_shuts_down_goes_on_elsewhere_and_loses_no_attempt()
    {
        var (leaving, staying) = (new HeldAgent("leaving"), new HeldAgent("staying"));
        var first = await StartAsync(leaving);
        var thread = await first.CreateThreadAsync();
        var run = await first.CreateRunAsync(thread, "hello");
        await leaving.NextAsync(Token);
        var second = await StartAsync(staying);

        await StopAsync(first);

        Assert.Equal(1, (await staying.NextAsync(Token)).CompletedSteps);
        Assert.Equal("0|0", Assert.Single(await Rows.Database.Source.LinesAsync("select failures, losses from run_work where run_id = $1", run)));
        staying.Release();
        Assert.Equal(RunStatus.Success, (await second.WaitAsync(run)).Run!.Status);
        Assert.Equal("hello, step 1, step 2 by staying", await Rows.MessagesAsync(thread));
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_whose_node_is_lost_goes_on_once_and_the_lost_node_writes_nothing_more()
    {
        var (lost, living) = (new HeldAgent("lost") { Obeys = false }, new HeldAgent("living"));
        var first = await StartAsync(lost, ("Runs:CancelGrace", "00:01:00"), ("Runs:MaxConcurrent", "1"));
        var thread = await first.CreateThreadAsync();
        var run = await first.CreateRunAsync(thread, "hello");
        await lost.NextAsync(Token);
        var node = first.Get<NodeSlots>().NodeId!.Value;
        var second = await StartAsync(living);
        // It would claim the run again under its next name, which is as good, but not what is asked here.
        first.Get<NodeSlots>().Close();

        await Until.TrueAsync(async () => await TryReapAsync(node), Token);

        Assert.Equal(1, (await living.NextAsync(Token)).CompletedSteps);
        lost.Release();
        living.Release();
        Assert.Equal(RunStatus.Success, (await second.WaitAsync(run)).Run!.Status);
        Assert.Equal("hello, step 1, step 2 by living", await Rows.MessagesAsync(thread));
        Assert.Equal((1, 1), (lost.ExecutionsOf(run), living.ExecutionsOf(run)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_is_executed_once_however_much_longer_it_takes_than_a_delivery_may()
    {
        var (one, other) = (new HeldAgent("one"), new HeldAgent("other"));
        var host = await StartAsync(one, ("Hangfire:InvisibilityTimeout", "00:00:08"));
        var run = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello");
        await one.NextAsync(Token);
        await StartAsync(other, ("Hangfire:InvisibilityTimeout", "00:00:08"));

        // By the clock that the timeout is measured with.
        await Until.TrueAsync(async () => await Rows.Database.Source.ScalarAsync<bool>(
            "select now() - started_at > interval '25 seconds' from run_work where run_id = $1", run), Token, TimeSpan.FromSeconds(80));

        Assert.Equal(0, one.Unseen + other.Unseen);
        await CheckDeliveredOnceAsync();
        one.Release();
        await host.WaitAsync(run);
        Assert.Equal((1, 0), (one.ExecutionsOf(run), other.ExecutionsOf(run)));
    }

    [Fact(Timeout = Limit)]
    public async Task A_run_that_waits_for_its_child_leaves_it_the_only_place_of_the_node()
    {
        var host = await StartAsync([EchoAgent.Definition(), Parent()], ("Runs:MaxConcurrent", "1"));

        var run = await host.CreateRunAsync(await host.CreateThreadAsync(), "hello", "parent");

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(run)).Run!.Status);
    }

    [Fact(Timeout = Limit)]
    public async Task The_next_run_of_a_limited_agent_starts_when_the_one_before_has_ended()
    {
        var agent = new HeldAgent("a");
        var host = await StartAsync([agent.Definition(mostAtOnce: 1)]);
        var first = await host.CreateRunAsync(await host.CreateThreadAsync(), "first");
        var second = await host.CreateRunAsync(await host.CreateThreadAsync(), "second");
        var started = (await agent.NextAsync(Token)).RunId;
        // Whoever looks for ready runs must not start this one.
        host.Get<IRunQueue>().Wake();

        await host.Runs.CancelAsync(EngineHost.Owner, null, started, CancelAction.Interrupt, wait: true, Token);

        Assert.Equal(started == first ? second : first, (await agent.NextAsync(Token)).RunId);
        agent.Release();
        await host.WaitAsync(second);
        Assert.Equal((1, 1), (agent.ExecutionsOf(first), agent.ExecutionsOf(second)));
    }

    [Fact(Timeout = Limit)]
    public async Task Nodes_that_start_at_once_on_an_empty_database_all_come_up()
    {
        await using var empty = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        var started = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => EngineHost.StartAsync(empty.ConnectionString, Settings)));

        var run = await started[0].CreateRunAsync(await started[0].CreateThreadAsync(), "hello");

        Assert.Equal(RunStatus.Success, (await started[^1].WaitAsync(run)).Run!.Status);
        await Task.WhenAll(started.Select(host => host.DisposeAsync().AsTask()));
    }

    /// <summary>That the one run of a test was delivered once, where that can be told.</summary>
    private protected virtual Task CheckDeliveredOnceAsync() => Task.CompletedTask;

    private static AgentDefinition Parent() => LambdaAgent.Definition("parent", AskChildAsync);

    private static async IAsyncEnumerable<AgentEvent> AskChildAsync(
        AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var input = JsonText.Parse("""{"messages":[{"role":"user","content":"hello child"}]}""");
        var child = await context.Children.RunAsync(new ChildRun("echo", "child", input), cancellationToken);
        yield return new AgentEvent.Custom(JsonSerializer.SerializeToElement(child.Status));
    }

    /// <summary>As another node does that has watched this one's beat stand still.</summary>
    private async Task<bool> TryReapAsync(Guid node)
    {
        var beat = await Rows.Database.Source.ScalarAsync<long>("select beat from nodes where id = $1", node);
        await using var connection = await Rows.Database.Source.OpenConnectionAsync(Token);
        return await NodeRegistry.ReapAsync(connection, node, beat, TimeSpan.Zero, Token) is not null;
    }
}
