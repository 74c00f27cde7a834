using System.Collections.Concurrent;
using System.Threading.Channels;

namespace AgentProtocol.Engine.Events;

/// <summary>
/// Tells the readers of this process what happened to the runs they follow. Only a shortcut: a reader that missed
/// something, or was told nothing, reads pages.
/// </summary>
internal sealed class RunFeed
{
    private readonly ConcurrentDictionary<Guid, RunSubscription[]> byRun = new();

    /// <summary>Follows a run, from before it exists if need be. Dispose the subscription to stop.</summary>
    public RunSubscription Subscribe(Guid runId, bool wantsPages)
    {
        var subscription = new RunSubscription(this, runId, wantsPages);
        byRun.AddOrUpdate(runId, [subscription], (_, others) => [.. others, subscription]);
        return subscription;
    }

    /// <summary>Whether somebody waits for the events of a run.</summary>
    public bool HasReaders(Guid runId) => byRun.TryGetValue(runId, out var readers) && Array.Exists(readers, reader => reader.WantsPages);

    /// <summary>The runs that are followed.</summary>
    public IReadOnlyList<Guid> Followed => [.. byRun.Keys];

    /// <summary>A page of a run that executes here was committed.</summary>
    public void Publish(RunPage page)
    {
        if (page.Frames.Count > 0)
        {
            Tell(page.RunId, new RunNews(page.First, page.Frames));
        }
    }

    /// <summary>A run that executed here has ended, with this many events.</summary>
    public void PublishEnd(Guid runId, long eventCount) => Tell(runId, new RunNews(eventCount, null));

    /// <summary>There is something to read.</summary>
    public void Wake(Guid runId) => Tell(runId, RunNews.Look);

    internal void Unsubscribe(RunSubscription subscription)
    {
        while (byRun.TryGetValue(subscription.RunId, out var readers))
        {
            var others = Array.FindAll(readers, reader => reader != subscription);
            if (others.Length == 0
                ? byRun.TryRemove(new KeyValuePair<Guid, RunSubscription[]>(subscription.RunId, readers))
                : byRun.TryUpdate(subscription.RunId, others, readers))
            {
                return;
            }
        }
    }

    private void Tell(Guid runId, RunNews news)
    {
        if (byRun.TryGetValue(runId, out var readers))
        {
            foreach (var reader in readers)
            {
                reader.Tell(news);
            }
        }
    }
}

/// <summary>One reader's view of a run.</summary>
internal sealed class RunSubscription(RunFeed feed, Guid runId, bool wantsPages) : IDisposable
{
    /// <summary>How many pages a slow reader may lag behind before it has to read them from the database.</summary>
    private const int Capacity = 32;

    private readonly Channel<RunNews> news = Channel.CreateBounded<RunNews>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public Guid RunId => runId;

    public bool WantsPages => wantsPages;

    /// <summary>Waits for news. What was dropped shows as a gap in the numbers.</summary>
    public ValueTask<RunNews> NextAsync(CancellationToken cancellationToken) => news.Reader.ReadAsync(cancellationToken);

    public bool TryNext(out RunNews next) => news.Reader.TryRead(out next);

    public void Dispose() => feed.Unsubscribe(this);

    internal void Tell(RunNews item)
    {
        if (wantsPages || item.Frames is null)
        {
            news.Writer.TryWrite(item);
        }
    }
}

/// <summary>Frames that were committed, the end of a run, or the mere word that there is something to read.</summary>
/// <param name="First">The number of the first frame, or of the one that never comes; -1 to say "look".</param>
/// <param name="Frames">The frames; null for an end and for a mere word.</param>
internal readonly record struct RunNews(long First, IReadOnlyList<Frame>? Frames)
{
    public static RunNews Look { get; } = new(-1, null);

    /// <summary>Whether the run has ended with <see cref="First"/> events.</summary>
    public bool IsEnd => Frames is null && First >= 0;
}
