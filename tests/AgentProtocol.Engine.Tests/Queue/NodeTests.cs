using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Nodes come, beat, die and are reaped.</summary>
public sealed class NodeTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task A_reaped_node_learns_of_it_at_its_next_beat()
    {
        await using var session = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await Queue.ReapAsync(Node));

        Assert.False(await NodeRegistry.BeatAsync(session, Node, TestContext.Current.CancellationToken));
        Assert.True(await NodeRegistry.BeatAsync(session, OtherNode, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_node_that_beat_again_is_not_reaped()
    {
        await Queue.StartNewRunAsync(Node);
        await using var session = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        Assert.True(await NodeRegistry.BeatAsync(session, Node, TestContext.Current.CancellationToken));

        Assert.Null(await OtherQueue.ReapAsync(Node));

        Assert.Equal(Node, await Database.ScalarAsync<Guid>("select node from run_work"));
    }

    [Fact]
    public async Task Of_two_nodes_that_reap_the_same_one_wins()
    {
        await Queue.StartNewRunAsync(Node);
        await using var gate = await HeldTransaction.BeginAsync(Queue, "select 1 from nodes where id = $1 for key share", Node);
        var reaps = new[] { Queue, OtherQueue }.Select(queue => queue.ReapAsync(Node)).ToList();
        await gate.UntilBlocksAsync(2);
        await gate.CommitAsync();

        Assert.Equal([null, 1], (await Task.WhenAll(reaps)).Order());
        Assert.Equal(1, await Database.ScalarAsync<int>("select losses from run_work"));
    }

    [Fact]
    public async Task A_reaper_waits_for_a_run_being_born_claimed_and_takes_it_too()
    {
        var thread = await Queue.NewThreadAsync();
        Queue.Slots.Open(Node, capacity: 10);
        // Stops the create behind its share lock on the node, in the insert of the run.
        var run = QueueHarness.NewRun(thread);
        await using var gate = await HeldTransaction.BeginAsync(
            Queue,
            "insert into runs (run_id, thread_id, run_no, agent, assistant_id, request, strategy) values ($1, $1, 1, '', $1, '', '')",
            run.RunId);
        var create = Queue.CreateAsync(run);
        await gate.UntilBlocksAsync(1);
        var reap = OtherQueue.ReapAsync(Node);
        await gate.UntilBlocksAsync(2);
        await gate.RollbackAsync();

        Assert.NotNull((await create).Created);
        Assert.Equal(1, await reap);
        Assert.Equal("ready", await Queue.RunsAsync(thread));
    }

    [Fact]
    public async Task A_run_created_for_a_node_that_is_being_reaped_is_born_ready()
    {
        var thread = await Queue.NewThreadAsync();
        Queue.Slots.Open(Node, capacity: 10);
        await using var reaper = await HeldTransaction.BeginAsync(Queue, "delete from nodes where id = $1", Node);
        var create = Queue.CreateRunAsync(thread);
        await reaper.UntilBlocksAsync(1);
        await reaper.CommitAsync();

        await create;
        Assert.Equal("ready", await Queue.RunsAsync(thread));
        Assert.Equal(10, Queue.Slots.Free);
    }

    [Fact]
    public async Task A_claim_for_a_node_that_is_being_reaped_takes_nothing()
    {
        var run = await Queue.CreateRunAsync(await Queue.NewThreadAsync());
        await using var reaper = await HeldTransaction.BeginAsync(Queue, "delete from nodes where id = $1", Node);
        var claim = Queue.Claims.ClaimOneAsync(Node, run, TestContext.Current.CancellationToken);
        await reaper.UntilBlocksAsync(1);
        await reaper.CommitAsync();

        Assert.Null(await claim);
        Assert.NotNull(await OtherQueue.Claims.ClaimOneAsync(OtherNode, run, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Running_work_whose_node_has_no_row_is_recovered()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await Database.ExecuteAsync("delete from nodes where id = $1", Node);
        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);

        Assert.Equal(1, await RunMaintenance.RecoverOrphansAsync(connection, TestContext.Current.CancellationToken));

        Assert.Equal(2, (await OtherQueue.ClaimAsync(OtherNode, attempt.Claim.RunId)).Attempt);
    }

    [Fact]
    public async Task The_lock_of_a_node_is_free_exactly_when_its_session_is_gone()
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false };
        await using var observer = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var session = new NpgsqlConnection(settings.ConnectionString);
        await session.OpenAsync(TestContext.Current.CancellationToken);
        await NodeRegistry.JoinAsync(session, Guid.CreateVersion7(), "test", "both", 1, TestContext.Current.CancellationToken);
        var node = await Database.ScalarAsync<Guid>("select id from nodes order by id desc limit 1");
        Assert.False(await NodeRegistry.IsUnlockedAsync(observer, node, TestContext.Current.CancellationToken));

        await Database.ExecuteAsync("select pg_terminate_backend($1, 10000)", session.ProcessID);

        Assert.True(await NodeRegistry.IsUnlockedAsync(observer, node, TestContext.Current.CancellationToken));
        await session.DisposeAsync();
    }
}
