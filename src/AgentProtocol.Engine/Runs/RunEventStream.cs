using System.Runtime.CompilerServices;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Runs;

/// <summary>
/// Reads a run from a number on: what is committed from the database, then what this node publishes, and whatever was
/// missed from the database again. It filters and never counts: numbers are the writer's.
/// </summary>
internal sealed class RunEventStream(
    RunSubscription subscription, EventReader reader, Guid threadId, bool stateless, long from, bool isKnownToBeNew, StreamModes? modes)
    : RunStream
{
    private long next = from;

    public override Guid ThreadId => threadId;

    public override bool Stateless => stateless;

    public override async IAsyncEnumerable<RunStreamEvent> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IAsyncDisposable? hold = null;
        try
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
                    hold ??= await reader.HoldAsync(subscription.RunId, cancellationToken);
                    while (await reader.ReadPositionAsync(subscription.RunId, cancellationToken) is { } position)
                    {
                        if (position.Position <= next)
                        {
                            if (position.HasEnded)
                            {
                                yield break;
                            }

                            break;
                        }

                        var frames = await reader.ReadFramesAsync(threadId, subscription.RunId, next, cancellationToken);
                        foreach (var visible in Visible(frames))
                        {
                            yield return visible;
                        }

                        if (frames.Count == 0 && position.HasEnded)
                        {
                            // What is left of the run is past its retention.
                            yield break;
                        }
                    }

                    if (await reader.ReadPositionAsync(subscription.RunId, cancellationToken) is null)
                    {
                        // Erased by a rollback: a clean end.
                        yield break;
                    }
                }

                news = await subscription.NextAsync(cancellationToken);
            }
        }
        finally
        {
            if (hold is not null)
            {
                await hold.DisposeAsync();
            }
        }
    }

    public override ValueTask DisposeAsync()
    {
        subscription.Dispose();
        return ValueTask.CompletedTask;
    }

    private IEnumerable<RunStreamEvent> Visible(IReadOnlyList<Frame> frames)
    {
        foreach (var frame in frames)
        {
            if (frame.Number < next)
            {
                continue;
            }

            next = frame.Number + 1;
            var mode = StreamModeNames.ModeOfEvent(frame.Name);
            if (mode == StreamModes.None || modes is null || (modes & mode) != 0)
            {
                yield return new RunStreamEvent(frame.Number, frame.Name, new RawJson(frame.State?.ToJson() ?? frame.Data));
            }
        }
    }
}
