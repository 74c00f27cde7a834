using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Events;

/// <summary>Every reader sees a dense prefix of a run's events, whenever it joins and however slow it is.</summary>
public sealed class ReaderTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private readonly RunFeed feed = new();

    [Fact]
    public async Task A_read_begins_in_the_middle_of_a_page_and_crosses_pages()
    {
        var run = await WritePagesAsync(5, framesPerPage: 3);

        var (end, _) = await PositionAsync(run);
        for (var from = 0; from <= end; from++)
        {
            Assert.Equal(Numbers(from, (int)end), await ReadAsync(run, from));
        }
    }

    [Fact]
    public async Task One_read_is_limited_and_the_next_goes_on_without_a_gap()
    {
        var run = await WritePagesAsync(150, framesPerPage: 1);
        var first = await ReadAsync(run, 0);

        Assert.InRange(first.Count, 1, (await PositionAsync(run)).Position - 1);
        Assert.Equal(Numbers(0, first.Count), first);
        Assert.Equal(Numbers(first.Count, first.Count + 10), (await ReadAsync(run, first.Count)).Take(10));
    }

    [Fact]
    public async Task The_position_of_a_run_says_how_far_it_is_and_whether_more_can_come()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        Assert.Equal(((await ReadAsync(attempt.Claim, 0)).Count, false), await PositionAsync(attempt.Claim));
        await attempt.Say("answer").SucceedAsync();
        Assert.Equal(((await ReadAsync(attempt.Claim, 0)).Count, true), await PositionAsync(attempt.Claim));
        Assert.Null(await Reader.ReadPositionAsync(Guid.CreateVersion7(), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(9)]
    public async Task A_reader_gets_everything_from_where_it_joins(int joinsAt)
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        Task<List<long>>? reading = joinsAt == 0 ? ReadAllAsync(attempt.Claim) : null;
        for (var i = 1; i < 10; i++)
        {
            await WriteAndPublishAsync(attempt);
            reading ??= i == joinsAt ? ReadAllAsync(attempt.Claim) : null;
        }

        await EndAsync(attempt);
        Assert.Equal(Numbers(0, 11), await reading!);
    }

    [Fact]
    public async Task A_reader_that_joins_after_the_end_gets_everything()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await WriteAndPublishAsync(attempt);
        await EndAsync(attempt);

        Assert.Equal(Numbers(0, 3), await ReadAllAsync(attempt.Claim));
        Assert.Equal(Numbers(2, 3), await ReadAllAsync(attempt.Claim, from: 2));
        Assert.Empty(await ReadAllAsync(attempt.Claim, from: 3));
    }

    [Fact]
    public async Task A_slow_reader_whose_pages_were_dropped_reads_them_from_the_database()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await using var stream = Open(attempt.Claim, 0);
        await using var reader = stream.ReadAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await reader.MoveNextAsync());
        List<long> seen = [reader.Current.Id];

        // Far more pages than a subscription holds, while the reader does nothing.
        for (var i = 0; i < 100; i++)
        {
            await WriteAndPublishAsync(attempt);
        }

        await EndAsync(attempt);
        while (await reader.MoveNextAsync())
        {
            seen.Add(reader.Current.Id);
        }

        Assert.Equal(Numbers(0, 102), seen);
    }

    [Fact]
    public async Task A_reader_of_a_run_that_executes_elsewhere_needs_only_to_be_woken()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var reading = ReadAllAsync(attempt.Claim);
        await attempt.Show("1").WriteAsync();
        feed.Wake(attempt.Claim.RunId);
        await attempt.SucceedAsync();
        feed.Wake(attempt.Claim.RunId);

        Assert.Equal(Numbers(0, 3), await reading);
    }

    [Fact]
    public async Task The_stream_of_an_erased_run_ends()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var reading = ReadAllAsync(attempt.Claim);
        await attempt.RollBackAsync();
        feed.Wake(attempt.Claim.RunId);

        Assert.InRange((await reading).Count, 0, 2);
    }

    [Fact]
    public async Task Only_the_modes_that_a_reader_asks_for_are_shown_and_numbers_stay()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.Show("1").Say("answer").EndAsync(RunOutcome.Failed("AgentError", "no"));
        var stream = new RunEventStream(
            feed.Subscribe(attempt.Claim.RunId, wantsPages: true), Reader, attempt.Claim.RunId, attempt.Claim.ThreadId, stateless: false, from: 0,
            isKnownToBeNew: false, StreamModes.Custom);

        var events = await stream.ReadAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal([(0L, "metadata"), (2L, "custom"), (5L, "error")], events.Select(shown => (shown.Id, shown.Name)));
        await stream.DisposeAsync();
        Assert.False(feed.HasReaders(attempt.Claim.RunId, attempt.Claim.ThreadId));
    }

    private EventReader Reader => new(Queue.Database);

    private static IEnumerable<long> Numbers(int from, int end) => Enumerable.Range(from, end - from).Select(number => (long)number);

    private async Task<ClaimedRun> WritePagesAsync(int pages, int framesPerPage)
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        for (var page = 0; page < pages; page++)
        {
            for (var frame = 0; frame < framesPerPage; frame++)
            {
                attempt.Show("1");
            }

            Assert.True(await attempt.WriteAsync());
        }

        return attempt.Claim;
    }

    private async Task WriteAndPublishAsync(Attempt attempt)
    {
        var page = attempt.Show("1").Freeze();
        Assert.True(await attempt.WriteAsync(page));
        feed.Publish(page);
    }

    private async Task EndAsync(Attempt attempt)
    {
        var ending = attempt.End(RunOutcome.Succeeded);
        Assert.Equal(EndingKind.Ended, (await attempt.EndAsync(ending)).Kind);
        feed.Publish(ending.Page);
        feed.PublishEnd(ending.Page);
    }

    private RunEventStream Open(ClaimedRun run, long from) => new(
        feed.Subscribe(run.RunId, wantsPages: true), Reader, run.RunId, run.ThreadId, stateless: false, from, isKnownToBeNew: false, modes: null);

    private async Task<List<long>> ReadAllAsync(ClaimedRun run, long from = 0)
    {
        var position = from == 0 ? 0 : await Reader.FindNumberAsync(run.RunId, from, TestContext.Current.CancellationToken);
        await using var stream = Open(run, position ?? (await PositionAsync(run)).Position);
        return await stream.ReadAsync(TestContext.Current.CancellationToken).Select(shown => shown.Id).ToListAsync(TestContext.Current.CancellationToken);
    }

    private async Task<IReadOnlyList<long>> ReadAsync(ClaimedRun run, long from) =>
        [.. (await Reader.ReadFramesAsync(run.ThreadId, run.RunId, from, TestContext.Current.CancellationToken)).Select(frame => frame.Position)];

    private async Task<(long Position, bool HasEnded)> PositionAsync(ClaimedRun run)
    {
        var position = await Reader.ReadPositionAsync(run.RunId, TestContext.Current.CancellationToken);
        return (position!.Value.Position, position.Value.HasEnded);
    }
}
