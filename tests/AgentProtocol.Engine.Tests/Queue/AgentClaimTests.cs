using AgentProtocol.Agents;
using AgentProtocol.Agents.Echo;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Agents of which only so many runs may execute at once, on all nodes together.</summary>
public sealed class AgentClaimTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private const int Limit = 3;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        Queue.Agents.Replace([Agent("few", Limit), Agent("single", 1), Agent("many", null)]);
        OtherQueue.Agents.Replace(Queue.Agents.All);
    }

    [Fact]
    public async Task Two_nodes_that_claim_at_once_take_exactly_the_limit()
    {
        await CreateAsync("few", 20);

        var claims = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => i % 2 == 0 ? ClaimAsync(Queue, Node) : ClaimAsync(OtherQueue, OtherNode)));

        Assert.Equal(Limit, claims.Sum(claim => claim.Count));
        Assert.Equal(Limit, claims.SelectMany(claim => claim).Distinct().Count());
        Assert.Equal(Limit, await Database.ScalarAsync<long>("select count(*) from run_work where state = 3"));
    }

    [Fact]
    public async Task A_claim_waits_for_one_in_flight_and_counts_what_that_has_taken()
    {
        var runs = await CreateAsync("single", 2);
        await using var inFlight = await HeldTransaction.BeginAsync(
            Queue, $"update run_work set state = 3, node = '{Node}', fence = fence + 1, attempt = 1 where run_id = $1", runs[0]);
        await inFlight.ExecuteAsync(AgentClaims.LockSql, AgentClaims.LockClass, "single");

        var other = ClaimAsync(OtherQueue, OtherNode);
        await inFlight.UntilBlocksAsync(1);
        await inFlight.CommitAsync();

        Assert.Empty(await other);
    }

    [Fact]
    public async Task Each_end_makes_room_for_the_longest_waiting()
    {
        var runs = await CreateAsync("single", 3);
        foreach (var expected in runs)
        {
            var claimed = Assert.Single(await ClaimAsync(Queue, Node));
            Assert.Equal(expected, claimed.RunId);
            Assert.Empty(await ClaimAsync(OtherQueue, OtherNode));
            await (await Attempt.BeginAsync(Queue, claimed)).SucceedAsync();
        }
    }

    [Fact]
    public async Task A_node_takes_no_more_than_it_has_room_for()
    {
        await CreateAsync("few", 3);
        await CreateAsync("single", 1);

        Assert.Equal(2, (await Queue.AgentClaims.ClaimAsync(Node, 2, Token).ToListAsync(Token)).Count);
        Assert.Equal(2, (await ClaimAsync(Queue, Node)).Count);
    }

    [Fact]
    public async Task Agents_without_a_limit_do_not_wait_behind_the_backlog_of_one_that_has_one()
    {
        await CreateAsync("single", 30);
        var free = Assert.Single(await CreateAsync("many", 1));

        Assert.Equal(free, Assert.Single(await Queue.Claims.ClaimAsync(Node, 10, Token)).RunId);
        Assert.Single(await ClaimAsync(Queue, Node));
    }

    [Fact]
    public async Task A_run_that_was_told_to_stop_is_taken_to_be_ended_whatever_the_limit()
    {
        await CreateAsync("single", 2);
        var lost = Assert.Single(await ClaimAsync(Queue, Node));
        await Queue.CancelAsync(lost.RunId, CancelAction.Interrupt);
        await Queue.ReapAsync(Node);
        Assert.NotEqual(lost.RunId, Assert.Single(await ClaimTheOtherAsync(lost.RunId)).RunId);

        Assert.Equal(lost.RunId, Assert.Single(await OtherQueue.Claims.ClaimAsync(OtherNode, 10, Token)).RunId);
    }

    [Fact]
    public async Task A_limit_that_was_lowered_waits_until_enough_have_ended()
    {
        await CreateAsync("few", 4);
        Assert.Equal(Limit, (await ClaimAsync(Queue, Node)).Count);
        Queue.Agents.Replace([Agent("few", 1)]);

        Assert.Empty(await ClaimAsync(Queue, Node));
    }

    /// <summary>Makes the run that lost its node step back for a moment, for it would go first.</summary>
    private async Task<IReadOnlyList<ClaimedRun>> ClaimTheOtherAsync(Guid but)
    {
        await using var held = await HeldTransaction.LockWorkAsync(Queue, but);
        return await ClaimAsync(OtherQueue, OtherNode);
    }

    private async Task<List<Guid>> CreateAsync(string agent, int count)
    {
        List<Guid> runs = [];
        for (var i = 0; i < count; i++)
        {
            var run = QueueHarness.NewRun(await Queue.NewThreadAsync()) with { Agent = agent, MustBeClaimed = true };
            Assert.NotNull((await Queue.CreateAsync(run)).Created);
            runs.Add(run.RunId);
        }

        return runs;
    }

    private static async Task<IReadOnlyList<ClaimedRun>> ClaimAsync(QueueHarness queue, Guid node) =>
        await queue.AgentClaims.ClaimAsync(node, 100, Token).ToListAsync(Token);

    private static AgentDefinition Agent(string id, int? most) => EchoAgent.Definition() with { Id = id, MaxConcurrentRuns = most };
}
