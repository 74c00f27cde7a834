using System.Collections.Immutable;
using System.Globalization;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Engine.Streams;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// The subscriptions of one connection. One reader serves them all, so that events arrive in the thread's order and once,
/// however many subscriptions want them: clients take what follows the end of a run for the next run's. A new
/// subscription starts the reader again from where its replay begins; the others have seen that part already.
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

    /// <summary>Adds a subscription.</summary>
    /// <param name="filter">What it wants.</param>
    /// <param name="since">The last event it has; null to begin with the current run.</param>
    /// <param name="answer">Tells the client its id and how many events of the past follow, before the first of them.</param>
    /// <param name="cancellationToken">Fires when the connection ends.</param>
    /// <remarks>When this fails other than by a refusal, the reader stands still, and the connection has to end.</remarks>
    public async Task AddAsync(
        EventFilter filter, long? since, Func<string, long, Task> answer, CancellationToken cancellationToken)
    {
        if (subscriptions.Length >= Most)
        {
            throw CommandRefusal.InvalidArgument($"A connection has at most {Most} subscriptions");
        }

        var stream = await open(new ThreadStreamStart(since), cancellationToken);
        try
        {
            var (first, replayed) = await CountAsync(stream, filter, cancellationToken);
            var after = since ?? first - 1 ?? stream.LastSeq;
            var id = (++count).ToString(CultureInfo.InvariantCulture);
            var position = await PauseAsync();
            subscriptions = [.. subscriptions.Select(other => other with { After = position ?? other.After }), new Subscription(id, filter, after)];
            if (position < after)
            {
                // The others are further back, in the end of an earlier run.
                await stream.DisposeAsync();
                stream = await open(new ThreadStreamStart(position), cancellationToken);
            }

            await answer(id, replayed);
            reading = new Reading(stream, position < after ? position.Value : after);
            reading.Start(ReadAsync);
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
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

    /// <summary>Stops the reader and says how far it has come; null when there was none.</summary>
    private async Task<long?> PauseAsync()
    {
        if (reading is not { } current)
        {
            return null;
        }

        reading = null;
        await current.DisposeAsync();
        return current.Position;
    }

    private async Task ReadAsync(Reading current)
    {
        try
        {
            await foreach (var item in current.Stream.ReadAsync(current.Cancellation))
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
            // Stopped; who has stopped it goes on from the position.
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
    private sealed class Reading(ThreadStream stream, long after) : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop = new();
        private Task work = Task.CompletedTask;

        public ThreadStream Stream => stream;

        public CancellationToken Cancellation => stop.Token;

        /// <summary>The last event that was sent or skipped.</summary>
        public long Position { get; set; } = after;

        public void Start(Func<Reading, Task> read) => work = Task.Run(() => read(this));

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            await work;
            await stream.DisposeAsync();
            stop.Dispose();
        }
    }
}
