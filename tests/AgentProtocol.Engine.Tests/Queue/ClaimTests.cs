using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

public sealed class ClaimTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task Concurrent_batches_never_share_a_run_and_leave_none_behind()
    {
        HashSet<Guid> created = [];
        foreach (var run in await Task.WhenAll(Enumerable.Range(0, 120).Select(_ => CreateOnNewThreadAsync())))
        {
            created.Add(run);
        }

        var batches = await Task.WhenAll(Enumerable.Range(0, 24).Select(i =>
            (i % 2 == 0 ? Queue : OtherQueue).Claims.ClaimAsync(i % 2 == 0 ? Node : OtherNode, 7, TestContext.Current.CancellationToken)));

        var claimed = batches.SelectMany(batch => batch).Select(run => run.RunId).ToList();
        Assert.Equal(created, claimed.ToHashSet());
        Assert.Equal(created.Count, claimed.Count);
    }

    [Fact]
    public async Task Only_the_slot_holder_of_a_thread_can_be_claimed()
    {
        var thread = await Queue.NewThreadAsync();
        var first = await Queue.CreateRunAsync(thread);
        var second = await Queue.CreateRunAsync(thread);

        Assert.Null(await Queue.Claims.ClaimOneAsync(Node, second, TestContext.Current.CancellationToken));
        var attempt = await Queue.StartAsync(Node, first);
        Assert.Null(await Queue.Claims.ClaimOneAsync(OtherNode, second, TestContext.Current.CancellationToken));
        Assert.Equal(second, (await attempt.SucceedAsync()).Promoted);
        Assert.NotNull(await Queue.Claims.ClaimOneAsync(OtherNode, second, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_claim_passes_over_runs_that_another_claim_is_taking()
    {
        var taken = await CreateOnNewThreadAsync();
        await using var other = await HeldTransaction.LockWorkAsync(Queue, taken);

        Assert.Null(await Queue.Claims.ClaimOneAsync(Node, taken, TestContext.Current.CancellationToken));
        await other.CommitAsync();
        Assert.NotNull(await Queue.Claims.ClaimOneAsync(Node, taken, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_node_without_a_row_claims_nothing()
    {
        var run = await CreateOnNewThreadAsync();

        Assert.Null(await Queue.Claims.ClaimOneAsync(Guid.CreateVersion7(), run, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Recovered_runs_go_before_the_longest_waiting_one()
    {
        var lost = await CreateOnNewThreadAsync();
        await Queue.ClaimAsync(Node, lost);
        var waiting = await CreateOnNewThreadAsync();
        await Queue.ReapAsync(Node);

        var claimed = await Queue.Claims.ClaimAsync(OtherNode, 1, TestContext.Current.CancellationToken);

        Assert.Equal(lost, Assert.Single(claimed).RunId);
        Assert.Equal(waiting, Assert.Single(await Queue.Claims.ClaimAsync(OtherNode, 1, TestContext.Current.CancellationToken)).RunId);
    }

    [Fact]
    public async Task A_run_is_born_running_only_while_its_node_has_room_and_a_row()
    {
        Queue.Slots.Open(Node, capacity: 1);
        var born = await CreateOnNewThreadAsync();
        var second = await CreateOnNewThreadAsync();
        Assert.True(Queue.Slots.HandedOver.TryRead(out var claim));
        Assert.Equal((born, 1, 1), (claim.RunId, claim.Fence, claim.Attempt));
        Assert.False(Queue.Slots.HandedOver.TryRead(out _));
        Assert.NotNull(await OtherQueue.Claims.ClaimOneAsync(OtherNode, second, TestContext.Current.CancellationToken));

        Queue.Slots.Open(Guid.CreateVersion7(), capacity: 1);
        var third = await CreateOnNewThreadAsync();

        Assert.False(Queue.Slots.HandedOver.TryRead(out _));
        Assert.Equal(1, Queue.Slots.Free);
        Assert.NotNull(await OtherQueue.Claims.ClaimOneAsync(OtherNode, third, TestContext.Current.CancellationToken));
    }

    private async Task<Guid> CreateOnNewThreadAsync() => await Queue.CreateRunAsync(await Queue.NewThreadAsync());
}
