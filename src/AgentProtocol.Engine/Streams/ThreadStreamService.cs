using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.Events;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Streams;

/// <summary>Opens the event streams of threads.</summary>
public interface IThreadStreams
{
    /// <summary>
    /// Opens a stream. A thread that does not exist yet gives a stream that is silent until its owner creates it
    /// (wire-contract 6.8 rule 8).
    /// </summary>
    /// <exception cref="ProtocolException">The thread is somebody else's.</exception>
    Task<ThreadStream> OpenAsync(string owner, Guid threadId, ThreadStreamStart start, CancellationToken cancellationToken);
}

/// <summary>Opens the event streams of threads.</summary>
internal sealed class ThreadStreamService(RunFeed feed, EventReader events, ThreadRuns runs, IOptions<RunsOptions> options, TimeProvider time) : IThreadStreams
{
    public async Task<ThreadStream> OpenAsync(string owner, Guid threadId, ThreadStreamStart start, CancellationToken cancellationToken)
    {
        var subscription = feed.Subscribe(threadId, wantsPages: true);
        try
        {
            var existing = await runs.ReadOwnerAsync(threadId, cancellationToken);
            if (existing is not null && existing != owner)
            {
                throw ProtocolException.ThreadNotFound(threadId);
            }

            var last = await runs.ReadLastAsync(threadId, cancellationToken);
            var current = await runs.ReadCurrentAsync(threadId, cancellationToken);
            var run = await runs.ReadNextAsync(owner, threadId, current, cancellationToken);
            var lastSeq = run is null ? ThreadSeq.FirstOf(last.RunNo + 1) - 1
                : run.HasEnded ? ThreadSeq.FirstOf(run.RunNo + 1) - 1
                : ThreadSeq.Of(run.RunNo, run.Position) - 1;
            return new ThreadEventStream(subscription, events, runs, owner, threadId, CursorOf(start, run, last), lastSeq, existing is not null, options.Value.CancelLifecycle, time);
        }
        catch
        {
            subscription.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Where to begin. A number that the thread has never reached comes from another life of it, such as that of a deleted
    /// thread of the same id: whoever has it is shown what happens from now on.
    /// </summary>
    private static ThreadCursor CursorOf(ThreadStreamStart start, ThreadRun? current, (long RunNo, int CheckpointN) last)
    {
        if (start.After is not { } after)
        {
            return ThreadCursor.At(current?.RunNo ?? last.RunNo + 1, 0, last.CheckpointN);
        }

        if (after < ThreadSeq.PerRun / 2)
        {
            return ThreadCursor.At(1, 0, 0) with { EditsFrom = 0 };
        }

        return after < ThreadSeq.FirstOf(last.RunNo + 1) ? ThreadCursor.Behind(after)
            : current is { HasEnded: false } ? ThreadCursor.At(current.RunNo, current.Position, last.CheckpointN)
            : ThreadCursor.At(last.RunNo + 1, 0, last.CheckpointN);
    }
}
