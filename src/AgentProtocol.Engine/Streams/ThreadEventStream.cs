using System.Runtime.CompilerServices;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Events;

namespace AgentProtocol.Engine.Streams;

/// <summary>
/// Reads the runs of a thread in their order, each from its log, and what this node publishes meanwhile. It filters and
/// never counts: numbers follow from the runs' numbers and the positions in their logs.
/// </summary>
internal sealed class ThreadEventStream(
    RunSubscription subscription, EventReader events, ThreadRuns runs, string owner, Guid threadId, ThreadCursor start, long lastSeq, bool exists,
    CancelLifecycle cancelled, TimeProvider time)
    : ThreadStream
{
    private ThreadCursor cursor;
    private bool hasSeenEnd;

    public override long LastSeq => lastSeq;

    public override IAsyncEnumerable<ThreadStreamEvent> ReadAsync(CancellationToken cancellationToken) => ReadAsync(waits: true, cancellationToken);

    public override IAsyncEnumerable<ThreadStreamEvent> ReadReplayAsync(CancellationToken cancellationToken) => ReadAsync(waits: false, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        subscription.Dispose();
        return ValueTask.CompletedTask;
    }

    private async IAsyncEnumerable<ThreadStreamEvent> ReadAsync(bool waits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (cursor, hasSeenEnd) = (start, false);
        var hasExisted = exists;
        while (true)
        {
            var run = await runs.ReadNextAsync(owner, threadId, cursor.RunNo, cancellationToken);
            if (run is null || !cursor.IsIn(run))
            {
                await foreach (var happened in BetweenRunsAsync(run, cancellationToken))
                {
                    yield return happened;
                }
            }

            if (run is null)
            {
                if (!waits)
                {
                    yield break;
                }

                if (await runs.ReadOwnerAsync(threadId, cancellationToken) is { } now)
                {
                    hasExisted |= now == owner;
                }
                else if (hasExisted)
                {
                    // Deleted: nothing can follow.
                    yield break;
                }

                await subscription.NextAsync(cancellationToken);
                continue;
            }

            await foreach (var happened in ReadRunAsync(run, waits, cancellationToken))
            {
                yield return happened;
            }

            if (!waits && !run.HasEnded)
            {
                yield break;
            }
        }
    }

    /// <summary>The run that was read is gone, or over: its end if it has none of its own, then edits, up to the next run.</summary>
    private async IAsyncEnumerable<ThreadStreamEvent> BetweenRunsAsync(ThreadRun? next, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (cursor.Position > 0)
        {
            // Erased while it was read.
            yield return EndOf(cursor.RunNo, runId: null, LifecycleText.Cancelled(cancelled, null));
            cursor = cursor.Leave();
        }

        while (await runs.ReadEditsAsync(owner, threadId, cursor.EditsFrom, (next?.RunNo ?? long.MaxValue) - 1, cursor.EditN, cancellationToken)
            is { Count: > 0 } edits)
        {
            foreach (var edit in edits)
            {
                cursor = cursor with { EditN = edit.N };
                yield return new ThreadStreamEvent
                {
                    Seq = ThreadSeq.OfEdit(edit.AfterRun, edit.N),
                    IsProtocol = false,
                    Name = "values",
                    Namespace = [],
                    Data = new RawJson(edit.State.ToJson()),
                };
            }
        }

        if (next is not null)
        {
            cursor = cursor.Enter(next.RunNo);
            hasSeenEnd = false;
        }
    }

    /// <summary>Reads a run until it has ended or something has to be looked up.</summary>
    private async IAsyncEnumerable<ThreadStreamEvent> ReadRunAsync(
        ThreadRun run, bool waits, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var hold = cursor.Position < run.Position ? await events.HoldAsync(run.RunId, cancellationToken) : null;
        while (cursor.Position < run.Position)
        {
            var frames = await events.ReadFramesAsync(threadId, run.RunId, cursor.Position, cancellationToken);
            foreach (var happened in Visible(run, frames))
            {
                yield return happened;
            }

            if (frames.Count == 0)
            {
                // Retention has taken the pages, or a rollback takes the run at this moment.
                cursor = cursor with { Position = run.Position };
            }
        }

        if (run.HasEnded)
        {
            if (!await HasOwnEndAsync(run, cancellationToken))
            {
                // A pause writes its own end, so what was interrupted without one was cancelled.
                yield return EndOf(
                    run.RunNo, run.RunId,
                    run.Status == "interrupted" ? LifecycleText.Cancelled(cancelled, run.Agent) : LifecycleText.Terminal(run.Status, run.Error, run.Agent));
            }

            cursor = cursor.Leave();
            yield break;
        }

        while (waits && await subscription.NextAsync(cancellationToken) is { Frames: { } published } news
            && news.RunId == run.RunId && news.First <= cursor.Position)
        {
            foreach (var happened in Visible(run, published))
            {
                yield return happened;
            }
        }
    }

    private IEnumerable<ThreadStreamEvent> Visible(ThreadRun run, IReadOnlyList<Frame> frames)
    {
        foreach (var frame in frames)
        {
            if (frame.Position < cursor.Position)
            {
                continue;
            }

            cursor = cursor with { Position = frame.Position + 1 };
            hasSeenEnd |= ProtocolText.IsTerminal(frame);
            yield return new ThreadStreamEvent
            {
                Seq = ThreadSeq.Of(run.RunNo, frame.Position),
                RunId = run.RunId,
                IsProtocol = frame.IsProtocol,
                Name = frame.Name,
                Namespace = frame.Origin.Namespace,
                Node = frame.Origin.Node,
                Timestamp = frame.Origin.Timestamp,
                Data = new RawJson(frame.Render()),
            };
        }
    }

    /// <summary>
    /// Whether the reader has the end of a run, or needs none: a run that never started and has a later one behind it
    /// would only look like the end of that one.
    /// </summary>
    private async Task<bool> HasOwnEndAsync(ThreadRun run, CancellationToken cancellationToken) =>
        hasSeenEnd
        || (run.Position == 0 && !run.IsLast)
        || (cursor.IsResumed && (await events.ReadTailAsync(run.RunId, cancellationToken)).IsTerminated);

    private ThreadStreamEvent EndOf(long runNo, Guid? runId, string data) => new()
    {
        Seq = ThreadSeq.EndOf(runNo),
        RunId = runId,
        IsProtocol = true,
        Name = "lifecycle",
        Namespace = [],
        Timestamp = time.GetUtcNow().ToUnixTimeMilliseconds(),
        Data = new RawJson(data),
    };
}
