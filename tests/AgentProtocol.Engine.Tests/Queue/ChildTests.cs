using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Who may start a child, and which children have outlived their parent.</summary>
public sealed class ChildTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_key_of_the_same_parent_is_the_same_child()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        Assert.Equal(ChildCreationKind.Created, (await CreateAsync(parent.Claim, "k")).Kind);
        await Queue.ReapAsync(Node);
        var again = await OtherQueue.ClaimAsync(OtherNode, parent.Claim.RunId);

        Assert.Equal(ChildCreationKind.Found, (await CreateAsync(again, "k")).Kind);
        Assert.Equal(ChildCreationKind.Created, (await CreateAsync(again, "other")).Kind);
        Assert.Equal(["2"], await Database.LinesAsync("select count(*) from run_work where parent_run_id = $1 and state = 2", parent.Claim.RunId));
    }

    [Fact]
    public void Ids_of_children_carry_the_time_of_their_parent()
    {
        var parent = Guid.CreateVersion7();
        var (run, thread) = ChildIds.For(parent, "k");
        Assert.Equal((7, 7), (run.Version, thread.Version));
        Assert.Equal(EventPartitions.MintedAt(parent), EventPartitions.MintedAt(run));
        Assert.NotEqual(run, thread);
        Assert.NotEqual(run, ChildIds.For(Guid.CreateVersion7(), "k").RunId);
        Assert.NotEqual(run, ChildIds.For(parent, "l").RunId);
    }

    [Fact]
    public async Task A_parent_that_was_told_to_stop_starts_nothing_and_learns_why()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await Queue.CancelAsync(parent.Claim.RunId, Contracts.Runs.CancelAction.Interrupt);

        Assert.Equal(
            new ChildCreation(ChildCreationKind.ParentStopped, "interrupt", "Cancelled by a test"), await CreateAsync(parent.Claim, "k"));
        Assert.Equal(["1|1"], await Database.LinesAsync("select (select count(*) from runs), (select count(*) from threads)"));
    }

    [Fact]
    public async Task A_parent_that_stops_at_its_next_checkpoint_may_finish_its_step_with_children()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await Database.ExecuteAsync("update run_work set settle = 'steer'");
        Assert.Equal(ChildCreationKind.Created, (await CreateAsync(parent.Claim, "k")).Kind);
        Assert.Empty(await LeftAsync());
    }

    [Fact]
    public async Task An_execution_that_lost_its_run_starts_nothing()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await Queue.ReapAsync(Node);
        Assert.Equal(ChildCreationKind.ParentLost, (await CreateAsync(parent.Claim, "k")).Kind);
        await OtherQueue.ClaimAsync(OtherNode, parent.Claim.RunId);
        Assert.Equal(ChildCreationKind.ParentLost, (await CreateAsync(parent.Claim, "k")).Kind);
    }

    [Fact]
    public async Task A_child_that_waits_for_a_stop_of_its_parent_being_committed_is_not_started()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await using var cancel = await HeldTransaction.LockWorkAsync(Queue, parent.Claim.RunId);
        await cancel.ExecuteAsync("update run_work set settle = 'interrupt' where run_id = $1", parent.Claim.RunId);
        var late = CreateAsync(parent.Claim, "k");
        await cancel.UntilBlocksAsync(1);
        await cancel.CommitAsync();

        Assert.Equal(ChildCreationKind.ParentStopped, (await late).Kind);
    }

    [Fact]
    public async Task The_thread_of_another_owner_is_not_taken()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await Queue.Threads.CreateAsync(new NewThreadRow { ThreadId = ChildIds.For(parent.Claim.RunId, "k").ThreadId, Owner = "somebody else" });
        Assert.Equal(ChildCreationKind.ThreadTaken, (await CreateAsync(parent.Claim, "k")).Kind);
    }

    [Fact]
    public async Task A_child_is_left_once_its_parent_has_ended_or_must_end()
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await CreateAsync(parent.Claim, "k");
        var child = ChildIds.For(parent.Claim.RunId, "k").RunId;
        Assert.Empty(await LeftAsync());

        await Queue.CancelAsync(parent.Claim.RunId, Contracts.Runs.CancelAction.Interrupt);
        Assert.Equal([child], await LeftAsync());
        await parent.SucceedAsync();
        Assert.Equal([child], await LeftAsync());
        await Queue.CancelAsync(child, Contracts.Runs.CancelAction.Interrupt);
        Assert.Empty(await LeftAsync());
    }

    [Theory]
    [InlineData("thread")]
    [InlineData("run")]
    [InlineData("rollback")]
    public async Task Threads_of_children_go_with_what_has_started_them(string removed)
    {
        var parent = await Queue.StartNewRunAsync(Node);
        await CreateAsync(parent.Claim, "k");
        var (child, thread) = ChildIds.For(parent.Claim.RunId, "k");
        var attempt = await Queue.StartAsync(Node, child);
        await CreateAsync(attempt.Claim, "l");
        var (grandchild, below) = ChildIds.For(child, "l");
        await (await Queue.StartAsync(Node, grandchild)).SucceedAsync();
        await attempt.SucceedAsync();
        Assert.Empty(await DisposedAsync());

        await (removed == "rollback" ? parent.RollBackAsync() : parent.SucceedAsync());
        await using var connection = await Database.OpenConnectionAsync(Token);
        if (removed == "thread")
        {
            await ThreadRemoval.DeleteAsync(connection, [parent.Claim.ThreadId], Token);
        }
        else if (removed == "run")
        {
            await new RunRemoval(Queue.Database).DeleteAsync(parent.Claim.ThreadId, parent.Claim.RunId, Token);
        }

        Assert.Equal([thread], await DisposedAsync());
        Assert.Equal(1, await ThreadRemoval.DeleteExpiredAsync(connection, TimeSpan.Zero, 10, Token));
        Assert.Equal([below], await DisposedAsync());
        Assert.Equal(1, await ThreadRemoval.DeleteExpiredAsync(connection, TimeSpan.Zero, 10, Token));
        Assert.Equal(removed == "thread" ? 0 : 1, await Database.ScalarAsync<long>("select count(*) from threads"));
    }

    [Fact]
    public async Task The_line_of_a_run_is_counted_as_far_as_it_matters()
    {
        var run = await Queue.CreateRunAsync(await Queue.NewThreadAsync());
        for (var depth = 1; depth <= 4; depth++)
        {
            Assert.Equal(Math.Min(depth, 3), await Queue.Creation.CountLineAsync(run, 3, Token));
            var claim = await Queue.ClaimAsync(Node, run);
            await CreateAsync(claim, "k");
            run = ChildIds.For(run, "k").RunId;
        }
    }

    private Task<ChildCreation> CreateAsync(ClaimedRun parent, string key)
    {
        var (runId, threadId) = ChildIds.For(parent.RunId, key);
        var row = QueueHarness.NewRun(threadId) with { RunId = runId, Parent = new ParentExecution(parent.RunId, parent.Fence) };
        return Queue.Creation.CreateChildAsync(row, new NewThreadRow { ThreadId = threadId, Owner = QueueHarness.Owner }, Token);
    }

    private async Task<IReadOnlyList<Guid>> DisposedAsync() =>
        [.. (await Database.LinesAsync("select thread_id from threads where temporary")).Select(Guid.Parse)];

    private async Task<IReadOnlyList<Guid>> LeftAsync()
    {
        await using var connection = await Database.OpenConnectionAsync(Token);
        return await RunMaintenance.FindLeftChildrenAsync(connection, Token);
    }
}
