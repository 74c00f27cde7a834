using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Streams;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Streams;

/// <summary>A thread is read as its runs in their order, by numbers that only grow (wire-contract 6.8).</summary>
public sealed class ThreadStreamTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private EngineHost node = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => node = await EngineHost.StartAsync(postgres.ConnectionString);

    public ValueTask DisposeAsync() => node.DisposeAsync();

    [Fact]
    public async Task Runs_follow_each_other_and_numbers_only_grow()
    {
        var thread = await node.CreateThreadAsync();
        await RunAsync(thread, "one");
        await RunAsync(thread, "two");

        var events = await ReadAsync(thread, ThreadStreamStart.Beginning, ends: 2);

        Assert.Equal(events.Select(happened => happened.Seq).Distinct().Order(), events.Select(happened => happened.Seq));
        Assert.Equal(["running", "completed", "running", "completed"], Lifecycle(events));
        Assert.Equal((ThreadSeq.FirstOf(1), ThreadSeq.FirstOf(2)), (events[0].Seq, events.First(happened => happened.RunId == events[^1].RunId).Seq));
    }

    [Fact]
    public async Task Trap_36_a_reader_without_a_number_gets_the_whole_last_run_and_nothing_older()
    {
        var thread = await node.CreateThreadAsync();
        await RunAsync(thread, "one");
        await RunAsync(thread, "two");

        var events = await ReadAsync(thread, ThreadStreamStart.CurrentRun, ends: 1);

        Assert.Equal(ThreadSeq.FirstOf(2), events[0].Seq);
        Assert.Equal(["running", "completed"], Lifecycle(events));
    }

    [Fact]
    public async Task Whatever_number_a_reader_has_it_gets_what_is_behind_it()
    {
        var thread = await node.CreateThreadAsync();
        await RunAsync(thread, "one");
        await EditAsync(thread, "edited");
        await RunAsync(thread, "two");
        var all = await ReadAsync(thread, ThreadStreamStart.Beginning, ends: 2);
        Assert.Contains(all, happened => happened.RunId is null && happened.Data.Text.Contains("edited", StringComparison.Ordinal));

        for (var seen = 0; seen < all.Count - 1; seen++)
        {
            var rest = await ReadAsync(thread, new ThreadStreamStart(all[seen].Seq), ends: all.Skip(seen + 1).Count(IsEnd));
            Assert.Equal(all.Skip(seen + 1).Select(Text), rest.Select(Text));
        }
    }

    [Fact]
    public async Task What_is_read_live_is_what_is_replayed()
    {
        var thread = await node.CreateThreadAsync();
        var live = ReadAsync(thread, ThreadStreamStart.CurrentRun, ends: 2);
        await RunAsync(thread, "steps 3");
        await RunAsync(thread, "two words");

        Assert.Equal((await ReadAsync(thread, ThreadStreamStart.Beginning, ends: 2)).Select(Text), (await live).Select(Text));
    }

    [Fact]
    public async Task A_thread_that_does_not_exist_yet_is_silent_until_its_owner_creates_it()
    {
        var thread = Guid.NewGuid();
        await using var stream = await OpenAsync(thread, ThreadStreamStart.CurrentRun);
        await using var foreign = await node.Get<IThreadStreams>().OpenAsync("somebody else", thread, ThreadStreamStart.CurrentRun, Token);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var theirs = foreign.ReadAsync(stop.Token).GetAsyncEnumerator(stop.Token);
        var peeked = theirs.MoveNextAsync().AsTask();
        var reading = ReadAsync(stream, ends: 1);
        await node.Threads.CreateAsync(EngineHost.Owner, new ThreadCreate { ThreadId = thread }, Token);
        await RunAsync(thread, "hello");

        Assert.Equal(["running", "completed"], Lifecycle(await reading));
        Assert.False(peeked.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => peeked);
        await Assert.ThrowsAsync<ProtocolException>(() => node.Get<IThreadStreams>().OpenAsync("somebody else", thread, ThreadStreamStart.CurrentRun, Token));
    }

    [Fact]
    public async Task A_run_that_is_erased_while_it_is_read_ends_once_and_the_next_one_follows()
    {
        var thread = await node.CreateThreadAsync();
        await using var stream = await OpenAsync(thread, ThreadStreamStart.CurrentRun);
        List<ThreadStreamEvent> events = [];
        var running = new TaskCompletionSource();
        var reading = ReadAsync(stream, ends: 2, events, happened =>
        {
            if (happened.Name == "checkpoints")
            {
                running.TrySetResult();
            }
        });
        var erased = await node.CreateRunAsync(thread, "sleep 60");
        await running.Task.WaitAsync(Token);
        await node.Runs.CancelAsync(EngineHost.Owner, thread, erased, CancelAction.Rollback, wait: true, Token);
        await RunAsync(thread, "two");
        await reading;

        Assert.Equal(["running", "interrupted", "running", "completed"], Lifecycle(events));
        Assert.Equal(ThreadSeq.EndOf(1), events.First(IsEnd).Seq);
        var rest = await ReadAsync(thread, new ThreadStreamStart(ThreadSeq.FirstOf(1) + 1), ends: 2);
        Assert.Equal(["interrupted", "running", "completed"], Lifecycle(rest));
    }

    [Fact]
    public async Task A_run_that_never_started_ends_for_its_readers_only_as_long_as_none_follows()
    {
        var thread = await node.CreateThreadAsync();
        var delayed = await CreateDelayedAsync(thread);
        await node.Runs.CancelAsync(EngineHost.Owner, thread, delayed, CancelAction.Interrupt, wait: true, Token);
        Assert.Equal(["interrupted"], Lifecycle(await ReadAsync(thread, ThreadStreamStart.CurrentRun, ends: 1)));

        await RunAsync(thread, "next");

        Assert.Equal(["running", "completed"], Lifecycle(await ReadAsync(thread, ThreadStreamStart.Beginning, ends: 1)));
    }

    [Fact]
    public async Task A_run_that_is_erased_before_its_reader_saw_anything_ends_for_it()
    {
        var thread = await node.CreateThreadAsync();
        var delayed = await CreateDelayedAsync(thread);
        await using var stream = await OpenAsync(thread, new ThreadStreamStart(ThreadSeq.FirstOf(1) - 1));
        var reading = ReadAsync(stream, ends: 1);

        await node.Runs.CancelAsync(EngineHost.Owner, thread, delayed, CancelAction.Rollback, wait: true, Token);

        Assert.Equal(["interrupted"], Lifecycle(await reading));
    }

    [Fact]
    public async Task A_reader_that_begins_right_before_a_run_sees_the_edits_behind_it()
    {
        var thread = await node.CreateThreadAsync();
        await RunAsync(thread, "one");
        await EditAsync(thread, "edited");
        await RunAsync(thread, "two");

        var events = await ReadAsync(thread, new ThreadStreamStart(ThreadSeq.FirstOf(1) - 1), ends: 2);

        Assert.Contains(events, happened => happened.RunId is null && happened.Data.Text.Contains("edited", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_number_that_the_thread_never_reached_means_from_now_on()
    {
        var thread = await node.CreateThreadAsync();
        await RunAsync(thread, "one");
        await using var stream = await OpenAsync(thread, new ThreadStreamStart(ThreadSeq.FirstOf(9) + 5));
        var reading = ReadAsync(stream, ends: 1);

        await RunAsync(thread, "two");

        var events = await reading;
        Assert.Equal(["running", "completed"], Lifecycle(events));
        Assert.Equal(ThreadSeq.FirstOf(2), events[0].Seq);
    }

    [Fact]
    public async Task A_stream_ends_when_its_thread_is_deleted()
    {
        var thread = await node.CreateThreadAsync();
        await using var stream = await OpenAsync(thread, ThreadStreamStart.CurrentRun);
        await using var events = stream.ReadAsync(Token).GetAsyncEnumerator(Token);
        var next = events.MoveNextAsync().AsTask();

        await node.Threads.DeleteAsync(EngineHost.Owner, thread, Token);

        Assert.False(await next);
    }

    [Fact]
    public async Task Each_message_is_streamed_from_its_start_to_its_finish()
    {
        var thread = await node.CreateThreadAsync();
        await RunAsync(thread, "hello there");

        var events = await ReadAsync(thread, ThreadStreamStart.CurrentRun, ends: 1);

        Assert.Equal(
            ["message-start", "content-block-start", "content-block-delta", "content-block-delta", "content-block-delta", "content-block-finish", "message-finish"],
            events.Where(happened => happened is { IsProtocol: true, Name: "messages" }).Select(EventOf));
        Assert.Equal(
            ["input", "loop", "loop"],
            events.Where(happened => happened is { IsProtocol: true, Name: "checkpoints" }).Select(happened => JsonText.Parse(happened.Data.Text).GetProperty("source").GetString()));
        Assert.All(events.Where(happened => happened.IsProtocol), happened => Assert.True(happened.Timestamp > 0));
    }

    private static string Text(ThreadStreamEvent happened) => $"{happened.Seq} {happened.Name} {happened.Node} {happened.Data.Text}";

    private static string? EventOf(ThreadStreamEvent happened) => JsonText.Parse(happened.Data.Text).GetProperty("event").GetString();

    private static IEnumerable<string?> Lifecycle(IEnumerable<ThreadStreamEvent> events) =>
        events.Where(happened => happened is { IsProtocol: true, Name: "lifecycle" }).Select(EventOf);

    private static bool IsEnd(ThreadStreamEvent happened) =>
        happened is { IsProtocol: true, Name: "lifecycle" } && EventOf(happened) is "completed" or "failed" or "interrupted";

    private Task<ThreadStream> OpenAsync(Guid thread, ThreadStreamStart start) =>
        node.Get<IThreadStreams>().OpenAsync(EngineHost.Owner, thread, start, Token);

    private async Task<List<ThreadStreamEvent>> ReadAsync(Guid thread, ThreadStreamStart start, int ends)
    {
        await using var stream = await OpenAsync(thread, start);
        return await ReadAsync(stream, ends);
    }

    private static Task<List<ThreadStreamEvent>> ReadAsync(ThreadStream stream, int ends) => ReadAsync(stream, ends, [], _ => { });

    /// <summary>Reads to a number of ends of runs, and what the same log entry's page holds behind the last of them.</summary>
    private static async Task<List<ThreadStreamEvent>> ReadAsync(
        ThreadStream stream, int ends, List<ThreadStreamEvent> events, Action<ThreadStreamEvent> seen)
    {
        await foreach (var happened in stream.ReadAsync(Token))
        {
            events.Add(happened);
            seen(happened);
            if (IsEnd(happened) && --ends <= 0)
            {
                break;
            }
        }

        return events;
    }

    private async Task RunAsync(Guid thread, string text) => await node.WaitAsync(await node.CreateRunAsync(thread, text));

    private async Task EditAsync(Guid thread, string text) => await node.Threads.UpdateStateAsync(
        EngineHost.Owner, thread, new ThreadStateUpdate { Values = JsonText.Parse($$"""{"note":"{{text}}"}""") }, null, Token);

    private async Task<Guid> CreateDelayedAsync(Guid thread)
    {
        var created = await node.Runs.CreateAsync(
            EngineHost.Owner,
            new Engine.Runs.NewRun(
                thread, new RunCreate { AssistantId = "echo", AfterSeconds = 600 }, new Contracts.Json.RawJson("""{"assistant_id":"echo"}"""), Engine.Runs.RunReader.None),
            Token);
        return created.Run.RunId;
    }
}
