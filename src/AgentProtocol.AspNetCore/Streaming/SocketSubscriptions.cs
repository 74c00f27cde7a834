using System.Collections.Immutable;
using System.Globalization;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// The subscriptions of one connection. One reader serves them all, so that events arrive in the thread's order and once,
/// however many subscriptions want them: clients take what follows the end of a run for the next run's. A new
/// subscription stops the reader, which then goes on from where the earliest of them has to begin; the others have seen
/// that part already.
/// </summary>
/// <param name="open">Opens the thread's events.</param>
/// <param name="send">Sends one of them.</param>
internal sealed class SocketSubscriptions(
    Func<ThreadStreamStart, CancellationToken, Task<ThreadStream>> open, Func<ThreadStreamEvent, Task> send) : IAsyncDisposable
{
    private const int Most = 100;

    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // Replaced as a whole, because the reader looks at it while commands change it.
    private ImmutableArray<Subscription> subscriptions = [];
    private Reading? reading;
    private int count;

    /// <summary>Ends when the thread was deleted, and fails when its events can no longer be read or sent.</summary>
    public Task Ended => ended.Task;

    /// <summary>Adds a subscription. Its events come after <see cref="Resume"/>.</summary>
    /// <param name="filter">What it wants.</param>
    /// <param name="since">The last event it has; null to begin with the current run.</param>
    /// <param name="cancellationToken">Fires when the connection ends.</param>
    /// <returns>Its id, and how many events of the past follow.</returns>
    /// <exception cref="CommandRefusal">There are too many.</exception>
    public async Task<(string Id, long Replayed)> AddAsync(EventFilter filter, long? since, CancellationToken cancellationToken)
    {
        if (subscriptions.Length >= Most)
        {
            throw CommandRefusal.InvalidArgument($"A connection has at most {Most} subscriptions");
        }

        await PauseAsync();
        await using var stream = await open(new ThreadStreamStart(since), cancellationToken);
        var (first, replayed) = await CountAsync(stream, filter, cancellationToken);
        var id = (++count).ToString(CultureInfo.InvariantCulture);
        subscriptions = subscriptions.Add(new Subscription(id, filter, since ?? first - 1 ?? stream.LastSeq));
        return (id, replayed);
    }

    /// <summary>Lets the events come. Until then, several subscriptions can be added that get their replay together, in order.</summary>
    public void Resume()
    {
        if (reading is null && !subscriptions.IsEmpty)
        {
            reading = new Reading(subscriptions.Min(subscription => subscription.After));
            reading.Start(ReadAsync);
        }
    }

    /// <summary>Removes a subscription.</summary>
    /// <exception cref="CommandRefusal">There is none with this id.</exception>
    public async Task RemoveAsync(string id)
    {
        var index = subscriptions.IndexOf(subscriptions.FirstOrDefault(subscription => subscription.Id == id)!);
        if (index < 0)
        {
            throw new CommandRefusal(StreamingErrorCode.NoSuchSubscription, $"There is no subscription \"{id}\" on this connection");
        }

        subscriptions = subscriptions.RemoveAt(index);
        if (subscriptions.IsEmpty)
        {
            await PauseAsync();
        }
    }

    public async ValueTask DisposeAsync() => await PauseAsync();

    /// <summary>
    /// Where the replay begins, if there is one, and how much of it passes the filter. The events are read twice for
    /// that, because a long replay has no place in memory.
    /// </summary>
    private static async Task<(long? First, long Replayed)> CountAsync(ThreadStream stream, EventFilter filter, CancellationToken cancellationToken)
    {
        long? first = null;
        var replayed = 0L;
        await foreach (var item in stream.ReadReplayAsync(cancellationToken))
        {
            first ??= item.Seq;
            replayed += filter.Matches(item) ? 1 : 0;
        }

        return (first, replayed);
    }

    /// <summary>Stops the reader. All subscriptions have then seen what it has sent or skipped.</summary>
    private async Task PauseAsync()
    {
        if (reading is { } current)
        {
            reading = null;
            await current.DisposeAsync();
            subscriptions = [.. subscriptions.Select(subscription => subscription with { After = Math.Max(subscription.After, current.Position) })];
        }
    }

    private async Task ReadAsync(Reading current)
    {
        try
        {
            await using var stream = await open(new ThreadStreamStart(current.Position), current.Cancellation);
            await foreach (var item in stream.ReadAsync(current.Cancellation))
            {
                if (IsWanted(item))
                {
                    await send(item);
                }

                current.Position = item.Seq;
            }

            ended.TrySetResult();
        }
        catch (OperationCanceledException) when (current.Cancellation.IsCancellationRequested)
        {
            // Stopped; the next reader goes on from the position.
        }
        catch (Exception exception)
        {
            // The connection's task decides what it means: nobody awaits this one.
            ended.TrySetException(exception);
        }
    }

    private bool IsWanted(in ThreadStreamEvent item)
    {
        foreach (var subscription in subscriptions)
        {
            if (item.Seq > subscription.After && subscription.Filter.Matches(item))
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="Id">What the client calls it.</param>
    /// <param name="Filter">What it wants.</param>
    /// <param name="After">Where it begins, or what it has seen already.</param>
    private sealed record Subscription(string Id, EventFilter Filter, long After);

    /// <summary>A reader at work.</summary>
    private sealed class Reading(long after) : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private Task work = Task.CompletedTask;

        public CancellationToken Cancellation => stop.Token;

        /// <summary>The last event that was sent or skipped.</summary>
        public long Position { get; set; } = after;

        public void Start(Func<Reading, Task> read) => work = Task.Run(() => read(this));

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await work;
            stop.Dispose();
        }
    }
}
