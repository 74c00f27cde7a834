using System.Runtime.CompilerServices;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Runs;

/// <summary>
/// Reads a run from a position on: what is committed from the database, then what this node publishes, and whatever was
/// missed from the database again. It filters and never counts: numbers are the writer's. What a reader has seen may not
/// be committed here yet, so it says so itself (<c>lastNumber</c>).
/// </summary>
internal sealed class RunEventStream(
    RunSubscription subscription, EventReader reader, Guid runId, Guid threadId, bool stateless, long from, bool isKnownToBeNew, StreamModes? modes,
    long lastNumber = -1)
    : RunStream
{
    private long next = from;
    private bool hasEnded;
    private IAsyncDisposable? hold;

    public override Guid ThreadId => threadId;

    public override bool Stateless => stateless;

    public override async IAsyncEnumerable<RunStreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A stream that was opened before its run was stored has missed nothing.
        var news = isKnownToBeNew ? await subscription.NextAsync(cancellationToken) : RunNews.Look;
        while (true)
        {
            if (news.Frames is { } published && news.First <= next)
            {
                foreach (var visible in Visible(published))
                {
                    yield return visible;
                }
            }
            else if (news.IsEnd && news.First <= next)
            {
                yield break;
            }
            else
            {
                await foreach (var visible in CatchUpAsync(cancellationToken))
                {
                    yield return visible;
                }

                if (hasEnded)
                {
                    yield break;
                }
            }

            news = await subscription.NextAsync(cancellationToken);
        }
    }

    public override async ValueTask DisposeAsync()
    {
        subscription.Dispose();
        if (hold is not null)
        {
            await hold.DisposeAsync();
        }
    }

    /// <summary>Reads pages up to where the log stands.</summary>
    private async IAsyncEnumerable<RunStreamEvent> CatchUpAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        hold ??= await reader.HoldAsync(runId, cancellationToken);
        while (await reader.ReadPositionAsync(runId, cancellationToken) is { } position)
        {
            if (position.Position <= next)
            {
                hasEnded = position.HasEnded;
                yield break;
            }

            var frames = await reader.ReadFramesAsync(threadId, runId, next, cancellationToken);
            foreach (var visible in Visible(frames))
            {
                yield return visible;
            }

            if (frames.Count == 0)
            {
                // Retention has taken the pages.
                next = position.Position;
            }
        }

        // Erased by a rollback: a clean end.
        hasEnded = true;
    }

    private IEnumerable<RunStreamEvent> Visible(IReadOnlyList<Frame> frames)
    {
        foreach (var frame in frames)
        {
            if (frame.Position < next)
            {
                continue;
            }

            next = frame.Position + 1;
            var mode = StreamModeNames.ModeOfEvent(frame.Name);
            if (frame.IsShown && frame.Number is { } number && number > lastNumber && (mode == StreamModes.None || modes is null || (modes & mode) != 0))
            {
                yield return new RunStreamEvent(number, frame.Name, new RawJson(frame.Render()));
            }
        }
    }
}
