using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Threads;

internal static class ThreadViews
{
    /// <summary>A thread that was just stored, without reading it back.</summary>
    public static ThreadView New(NewThreadRow row, DateTime createdAt) => new(
        new ThreadRow { ThreadId = row.ThreadId, Owner = row.Owner, Metadata = row.Metadata, Ttl = row.Ttl, CreatedAt = createdAt },
        new ThreadHeadRow { ThreadId = row.ThreadId, Owner = row.Owner, Status = "idle", Values = "{}", UpdatedAt = createdAt },
        StateValues.Empty, Pause: null);

    /// <summary>The row of a copy: the source's metadata, and the copy's own id in it (wire-contract 3.7).</summary>
    public static NewThreadRow Copy(string owner, Guid copyId, string metadata)
    {
        var merged = JsonText.Merge(JsonText.Parse(metadata), JsonText.Parse($$"""{"thread_id":"{{copyId}}"}"""));
        return new NewThreadRow { ThreadId = copyId, Owner = owner, Metadata = merged, Filter = JsonFilter.Copy(JsonText.Parse(merged), "metadata") };
    }

    /// <summary>
    /// Whether the thread was made for a stateless run that has ended, or a run that has ended asked for its deletion: its
    /// rows stay for a while, so that outcomes can be read, but nobody sees a thread.
    /// </summary>
    public static bool IsGone(this ThreadRow row, ThreadHeadRow head) => row.Temporary && head.ActiveRun is null && (head.HeadN > 0 || head.Disposable);
}
