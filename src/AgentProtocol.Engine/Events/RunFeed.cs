using System.Collections.Concurrent;
using System.Threading.Channels;

namespace AgentProtocol.Engine.Events;

/// <summary>
/// Tells the readers of this process what happened to the runs and threads they follow. Only a shortcut: a reader that
/// missed something, or was told nothing, reads pages.
/// </summary>
internal sealed class RunFeed
{
    private readonly ConcurrentDictionary<Guid, RunSubscription[]> byId = new();

    /// <summary>Follows a run, or all runs of a thread, from before it exists if need be. Dispose the subscription to stop.</summary>
    public RunSubscription Subscribe(Guid id, bool wantsPages)
    {
        var subscription = new RunSubscription(this, id, wantsPages);
        byId.AddOrUpdate(id, [subscription], (_, others) => [.. others, subscription]);
        return subscription;
    }

    /// <summary>Whether somebody waits for the events of a run, or of all runs of its thread.</summary>
    public bool HasReaders(Guid runId, Guid threadId) => HasReaders(runId) || HasReaders(threadId);

    /// <summary>The runs and threads that are followed.</summary>
    public IReadOnlyList<Guid> Followed => [.. byId.Keys];

    /// <summary>A page of a run that executes here was committed.</summary>
    public void Publish(RunPage page)
    {
        if (page.Frames.Count > 0)
        {
            Tell(page.RunId, page.ThreadId, new RunNews(page.RunId, page.First, page.Frames));
        }
    }

    /// <summary>A run that executed here has ended; its last page is this one.</summary>
    public void PublishEnd(RunPage page) => Tell(page.RunId, page.ThreadId, new RunNews(page.RunId, page.Next, null));

    /// <summary>There is something to read on a run or a thread.</summary>
    public void Wake(Guid id) => Tell(id, RunNews.Look);

    internal void Unsubscribe(RunSubscription subscription)
    {
        while (byId.TryGetValue(subscription.Id, out var readers))
        {
            var others = Array.FindAll(readers, reader => reader != subscription);
            if (others.Length == 0
                ? byId.TryRemove(new KeyValuePair<Guid, RunSubscription[]>(subscription.Id, readers))
                : byId.TryUpdate(subscription.Id, others, readers))
            {
                return;
            }
        }
    }

    private bool HasReaders(Guid id) => byId.TryGetValue(id, out var readers) && Array.Exists(readers, reader => reader.WantsPages);

    private void Tell(Guid runId, Guid threadId, RunNews news)
    {
        Tell(runId, news);
        Tell(threadId, news);
    }

    private void Tell(Guid id, RunNews news)
    {
        if (byId.TryGetValue(id, out var readers))
        {
            foreach (var reader in readers)
            {
                reader.Tell(news);
            }
        }
    }
}

/// <summary>One reader's view of a run or a thread.</summary>
internal sealed class RunSubscription(RunFeed feed, Guid id, bool wantsPages) : IDisposable
{
    /// <summary>How many pages a slow reader may lag behind before it has to read them from the database.</summary>
    private const int Capacity = 32;

    private readonly Channel<RunNews> news = Channel.CreateBounded<RunNews>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    public Guid Id => id;

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
/// <param name="RunId">The run; empty for a mere word.</param>
/// <param name="First">The position of the first frame, or of the one that never comes; -1 to say "look".</param>
/// <param name="Frames">The frames; null for an end and for a mere word.</param>
internal readonly record struct RunNews(Guid RunId, long First, IReadOnlyList<Frame>? Frames)
{
    public static RunNews Look { get; } = new(Guid.Empty, -1, null);

    /// <summary>Whether the run has ended with <see cref="First"/> events.</summary>
    public bool IsEnd => Frames is null && First >= 0;
}
