using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Storage;

/// <summary>Retention never deletes what an active run or an open reader needs (design 3, invariant 8). Runs are old by their ids.</summary>
public sealed class EventRetentionTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static readonly TimeSpan Retention = TimeSpan.FromDays(7);
    private readonly RunFeed feed = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Days outlive the rows of the test before, which are gone: no run needs them, and no test counts on them.</summary>
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await DropAsync();
    }

    [Fact]
    public async Task A_past_day_goes_when_its_runs_have_ended_long_ago()
    {
        var (_, day) = await EndedRunAsync(daysAgo: 20, endedDaysAgo: 8);
        var (_, recent) = await EndedRunAsync(daysAgo: 5, endedDaysAgo: 5);

        Assert.Equal([day], await DropAsync());

        Assert.False(await ExistsAsync(day));
        Assert.True(await ExistsAsync(recent));
        Assert.Empty(await DropAsync());
    }

    [Fact]
    public async Task A_day_stays_for_a_run_that_is_active_and_for_one_that_ended_within_the_retention()
    {
        await EndedRunAsync(daysAgo: 21, endedDaysAgo: 6);
        await EndedRunAsync(daysAgo: 21, endedDaysAgo: 9);
        var attempt = await OldRunAsync(daysAgo: 22);

        Assert.Empty(await DropAsync());

        await attempt.SucceedAsync();
        await AgeAsync(attempt.Claim.RunId, 8);
        Assert.Single(await DropAsync());
    }

    [Fact]
    public async Task A_day_stays_for_ids_that_are_reserved_in_it()
    {
        var (run, day) = await EndedRunAsync(daysAgo: 23, endedDaysAgo: 9);
        await Database.ExecuteAsync("insert into idempotency_keys (key, kind, hash, run_id, thread_id) values ('k', 'run', '', $1, $1)", run);
        Assert.Empty(await DropAsync());

        await Database.ExecuteAsync("delete from idempotency_keys");
        Assert.Equal([day], await DropAsync());
    }

    [Fact]
    public async Task An_open_reader_on_another_node_reads_everything_and_the_day_goes_when_it_has_left()
    {
        const int pages = 200;
        var attempt = await OldRunAsync(daysAgo: 24);
        for (var i = 0; i < pages; i++)
        {
            await attempt.Show("1").WriteAsync();
        }

        await attempt.SucceedAsync();
        await AgeAsync(attempt.Claim.RunId, 9);
        await using var node = new EventReader(OtherQueue.Database);
        List<long> seen = [];
        await using (var stream = Open(node, attempt.Claim.RunId, attempt.Claim.ThreadId))
        {
            await foreach (var shown in stream.ReadAsync(Token))
            {
                seen.Add(shown.Id);
                if (seen.Count is 1 or 70 or 150)
                {
                    Assert.Empty(await DropAsync());
                }
            }
        }

        Assert.Equal(Enumerable.Range(0, pages + 2).Select(number => (long)number), seen);
        Assert.Single(await DropAsync());
    }

    [Fact]
    public async Task Readers_of_a_day_hold_it_together_and_the_last_one_lets_it_go()
    {
        var (run, day) = await EndedRunAsync(daysAgo: 25, endedDaysAgo: 9);
        var (other, otherDay) = await EndedRunAsync(daysAgo: 26, endedDaysAgo: 9);
        await using var node = new EventReader(Queue.Database);
        var first = await node.HoldAsync(run, Token);
        var second = await node.HoldAsync(run, Token);
        var third = await node.HoldAsync(other, Token);

        await first!.DisposeAsync();
        Assert.Empty(await DropAsync());
        await second!.DisposeAsync();
        Assert.Equal([day], await DropAsync());
        await third!.DisposeAsync();
        Assert.Equal([otherDay], await DropAsync());
        Assert.Null(await node.HoldAsync(Guid.CreateVersion7(), Token));
    }

    [Fact]
    public async Task The_stream_of_a_run_whose_events_are_gone_ends()
    {
        var attempt = await OldRunAsync(daysAgo: 27);
        await attempt.SucceedAsync();
        await AgeAsync(attempt.Claim.RunId, 9);
        Assert.Single(await DropAsync());

        await using var node = new EventReader(Queue.Database);
        await using var stream = Open(node, attempt.Claim.RunId, attempt.Claim.ThreadId);
        Assert.Empty(await stream.ReadAsync(Token).ToListAsync(Token));
    }

    [Fact]
    public async Task Nodes_that_sweep_at_once_drop_a_day_once()
    {
        var (_, day) = await EndedRunAsync(daysAgo: 28, endedDaysAgo: 9);

        var dropped = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => DropAsync()));

        Assert.Equal([day], dropped.SelectMany(days => days));
    }

    [Fact]
    public async Task A_drop_that_was_cut_off_is_finished_and_tables_of_others_are_left_alone()
    {
        var (_, day) = await EndedRunAsync(daysAgo: 29, endedDaysAgo: 9);
        var name = EventPartitions.NameOf(day);
        await Database.ExecuteAsync($"comment on table {name} is 'agentprotocol: expired events'");
        await Database.ExecuteAsync($"alter table run_events detach partition {name}");
        await Database.ExecuteAsync("create table run_events_20200101 (of_somebody_else integer)");

        Assert.Equal([day], await DropAsync());

        Assert.False(await ExistsAsync(day));
        Assert.True(await ExistsAsync(new DateOnly(2020, 1, 1)));
        await Database.ExecuteAsync("drop table run_events_20200101");
    }

    private Task<IReadOnlyList<DateOnly>> DropAsync() => EventRetention.DropExpiredAsync(ConnectionString, Retention, Token);

    private Task<bool> ExistsAsync(DateOnly day) => Database.ScalarAsync<bool>("select to_regclass($1) is not null", EventPartitions.NameOf(day));

    private RunEventStream Open(EventReader reader, Guid runId, Guid threadId) => new(
        feed.Subscribe(runId, wantsPages: true), reader, runId, threadId, stateless: false, from: 0, isKnownToBeNew: false, modes: null);

    private async Task<(Guid RunId, DateOnly Day)> EndedRunAsync(int daysAgo, int endedDaysAgo)
    {
        var attempt = await OldRunAsync(daysAgo);
        await attempt.SucceedAsync();
        await AgeAsync(attempt.Claim.RunId, endedDaysAgo);
        return (attempt.Claim.RunId, DateOnly.FromDateTime(EventPartitions.MintedAt(attempt.Claim.RunId).UtcDateTime));
    }

    /// <summary>A run that executes, with an id that was minted long ago.</summary>
    private async Task<Attempt> OldRunAsync(int daysAgo)
    {
        var mintedAt = DateTimeOffset.UtcNow.AddDays(-daysAgo);
        await using (var connection = await Database.OpenConnectionAsync(Token))
        {
            await EventPartitions.EnsureAsync(connection, mintedAt, Token);
        }

        var run = QueueHarness.NewRun(await Queue.NewThreadAsync()) with { RunId = Guid.CreateVersion7(mintedAt) };
        Assert.NotNull((await Queue.CreateAsync(run)).Created);
        // Its neighbours were made with it and are as old.
        await DropEmptyNeighboursAsync(DateOnly.FromDateTime(mintedAt.UtcDateTime));
        return await Queue.StartAsync(Node, run.RunId);
    }

    private async Task DropEmptyNeighboursAsync(DateOnly day)
    {
        for (var neighbour = day.AddDays(-1); neighbour <= day.AddDays(EventPartitions.DaysAhead); neighbour = neighbour.AddDays(1))
        {
            var name = EventPartitions.NameOf(neighbour);
            if (neighbour != day && await ExistsAsync(neighbour) && await Database.ScalarAsync<bool>(
                "select not exists (select from runs where run_id >= $1 and run_id < $2)",
                EventPartitions.LowerBound(neighbour), EventPartitions.LowerBound(neighbour.AddDays(1))))
            {
                await Database.ExecuteAsync($"drop table {name}");
            }
        }
    }

    private Task AgeAsync(Guid runId, int days) =>
        Database.ExecuteAsync("update runs set ended_at = now() - make_interval(days => $2) where run_id = $1", runId, days);
}
