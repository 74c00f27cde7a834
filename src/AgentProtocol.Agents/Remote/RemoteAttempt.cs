using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Remote;

/// <summary>One attempt to have a run executed by another server: find the run there or create it, follow it, say how it ended.</summary>
/// <param name="server">The server.</param>
/// <param name="context">Our run.</param>
/// <param name="time">The clock.</param>
internal sealed class RemoteAttempt(RemoteServer server, AgentContext context, TimeProvider time) : IAsyncDisposable
{
    private readonly Guid threadId = NameIds.For(context.ThreadId, context.AgentId);
    private readonly RemoteMirror mirror = new(context.State, NameIds.For(context.ThreadId, context.AgentId));
    private RemoteRelay relay = null!;
    private RemoteRequest request = null!;
    private RemoteStream? stream;
    private bool mayRun;

    /// <summary>The events of the run.</summary>
    public async IAsyncEnumerable<AgentEvent> ExecuteAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        request = new RemoteRequest(context, server.Assistant, await server.HasProgressAsync(cancellationToken));
        relay = new RemoteRelay(mirror, context.CompletedSteps);
        await BeginAsync(cancellationToken);
        while (await NextAsync(cancellationToken) is { } frame)
        {
            foreach (var happened in relay.Read(frame))
            {
                yield return happened;
            }

            // The last event of a run, whatever its server does with the connection.
            if (relay.Error is not null)
            {
                break;
            }
        }

        var ended = relay.Error is null ? await JoinAsync(cancellationToken) : await server.ReadAsync(threadId, stream!.RunId, cancellationToken);
        mayRun = false;
        foreach (var happened in relay.Finish().Concat(Reports(ended)))
        {
            yield return happened;
        }

        foreach (var question in await OutcomeAsync(ended, cancellationToken))
        {
            yield return question;
        }
    }

    /// <summary>Ends the run there, whose answer nobody wants any more.</summary>
    public async Task CancelAsync(CancellationToken cancellationToken)
    {
        if (!mayRun)
        {
            return;
        }

        // Before it was found, and before the answer to its creation has come, only its mark tells which run it is.
        var runs = stream is not null ? [stream.RunId]
            : (await server.FindAsync(threadId, context.RunId, cancellationToken)).Where(run => run.IsActive).Select(run => run.Id);
        foreach (var run in runs)
        {
            await server.CancelAsync(threadId, run, cancellationToken);
        }
    }

    /// <inheritdoc />
    public ValueTask DisposeAsync() => stream?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>
    /// Whether the run was created is known there and only there: an attempt of ours that died, or the answer to whose request
    /// was lost, has left it nothing but its mark.
    /// </summary>
    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        mayRun = true;
        var runs = await server.FindAsync(threadId, context.RunId, cancellationToken);
        var state = await server.StateAsync(threadId, cancellationToken);
        if (runs is not [.., var latest])
        {
            await CreateAsync(request.Begin(RemoteInput.Difference(context.State.Messages, state)), cancellationToken);
            return;
        }

        var untold = RemoteInput.Untold(context.State.Messages, state, runs);
        if (untold.Count > 0 && !latest.IsActive)
        {
            // The run had ended before it could be told: what was taken for it is the work of another.
            await CreateAsync(request.Steer(untold, "interrupt"), cancellationToken);
            return;
        }

        await FollowAsync(latest.Id, cancellationToken);
        if (untold.Count > 0)
        {
            await TellAsync(untold, cancellationToken);
        }
    }

    private async Task CreateAsync(byte[] body, CancellationToken cancellationToken)
    {
        var response = await server.CreateStreamAsync(threadId, context.RunId, body, cancellationToken);
        var place = response.Headers.TryGetValues("Content-Location", out var values) || response.Content.Headers.TryGetValues("Content-Location", out values)
            ? values.First()
            : "";
        if (place.LastIndexOf("/runs/", StringComparison.Ordinal) is >= 0 and var start)
        {
            await FollowAsync(place[(start + "/runs/".Length)..], cancellationToken, response);
            return;
        }

        // A server that does not say which run it has created still lists it.
        response.Dispose();
        var runs = await server.FindAsync(threadId, context.RunId, cancellationToken);
        await FollowAsync(runs is [.., var latest] ? latest.Id : throw server.Http.Failure("it has created a run, but not which"), cancellationToken);
    }

    private async Task FollowAsync(string runId, CancellationToken cancellationToken, HttpResponseMessage? opened = null)
    {
        if (stream is not null)
        {
            await stream.DisposeAsync();
        }

        AgentServerLog.Follows(context.Logger, server.Http.Name, runId);
        stream = new RemoteStream(server, threadId, runId, time, context.Logger, cancellationToken);
        if (opened is not null)
        {
            await stream.BeginAsync(opened);
        }
    }

    /// <summary>The next event, whichever run it comes from: between steps, what callers tell our run is told there.</summary>
    private async Task<RemoteFrame?> NextAsync(CancellationToken cancellationToken)
    {
        var next = stream!.NextAsync();
        while (await TakeUntilAsync(next, cancellationToken) is { } taken)
        {
            // Where the run goes on with it, so does the reading that has begun.
            if (await TellAsync(taken, cancellationToken))
            {
                next = stream.NextAsync();
            }
        }

        return await next;
    }

    /// <summary>What was taken from the inbox before the next event came; null when nothing was.</summary>
    private async Task<IReadOnlyList<JsonElement>?> TakeUntilAsync(Task next, CancellationToken cancellationToken)
    {
        // Not any longer once it is stopped: this may go on inside of the cancellation, whose next callback ends the reading.
        while (!next.IsCompleted && relay.IsBetweenSteps && !cancellationToken.IsCancellationRequested)
        {
            using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(next, context.Inbox.WaitAsync(waiting.Token));
            await waiting.CancelAsync();
            if (!next.IsCompleted && context.Inbox.HasMessages && await context.Inbox.TakeAsync(cancellationToken) is { Count: > 0 } taken)
            {
                mirror.Add(taken);
                return taken;
            }
        }

        return null;
    }

    /// <summary>Tells the run more; true when another run has taken its place, which is followed from then on.</summary>
    private async Task<bool> TellAsync(IReadOnlyList<JsonElement> messages, CancellationToken cancellationToken)
    {
        var run = server.RefusesSteering ? null : await server.CreateAsync(threadId, context.RunId, request.Steer(messages, "steer"), cancellationToken);
        if (run is null)
        {
            // LangGraph's servers know no such strategy. There, the new run starts from all that the old one has finished.
            server.RefusesSteering = true;
            run = await server.CreateAsync(threadId, context.RunId, request.Steer(messages, "interrupt"), cancellationToken)
                ?? throw server.Http.Failure("it does not understand the request for a run");
        }

        if (run.Id == stream!.RunId)
        {
            return false;
        }

        relay.Restart();
        await FollowAsync(run.Id, cancellationToken);
        return true;
    }

    /// <summary>The run at its end, with its last values.</summary>
    private async Task<RemoteRun?> JoinAsync(CancellationToken cancellationToken)
    {
        var ended = stream!.Ended;
        if (ended is null || (relay.HasValues && !stream.HasGap && stream.Joined is null))
        {
            return ended;
        }

        // Its events are not there any more, or not all of them.
        if ((stream.Joined ?? await server.JoinAsync(threadId, ended.Id, cancellationToken)) is { } values
            && RemoteState.Member(values, "__error__").ValueKind == JsonValueKind.Undefined)
        {
            relay.Take(values);
        }

        return ended;
    }

    private IEnumerable<AgentEvent> Reports(RemoteRun? ended)
    {
        if (ended is not null && !relay.HasProgress)
        {
            foreach (var report in RemoteReports.Progress(RemoteState.Member(ended.Whole, "progress")))
            {
                yield return report;
            }
        }

        var counted = ended is null ? null : RemoteReports.Usage(RemoteState.Member(ended.Whole, "usage"));
        if ((counted ?? relay.Usage()) is { } usage)
        {
            yield return usage;
        }
    }

    /// <summary>What the run asks at its end; any other end than a good one is a failure.</summary>
    private async Task<IEnumerable<AgentEvent>> OutcomeAsync(RemoteRun? ended, CancellationToken cancellationToken)
    {
        switch (ended?.Status)
        {
            case null:
                throw server.Http.Failure(relay.Error ?? "the run is not there any more");
            case "success" when relay.Error is null:
                return relay.Questions;
            case "interrupted" when relay.Error is null:
                if (relay.Questions.Count > 0)
                {
                    return relay.Questions;
                }

                var state = await server.StateAsync(threadId, cancellationToken);
                List<AgentEvent.Interrupt> pending = [.. RemoteState.Pending(state ?? default)];
                return pending.Count > 0 ? pending : throw server.Http.Failure($"the run was cancelled there{(ended.Error is { } why ? $": {why}" : "")}");
            case "timeout":
                throw server.Http.Failure(ended.Error ?? relay.Error ?? "the run took too long");
            default:
                throw server.Http.Failure(relay.Error ?? ended.Error ?? "the run failed");
        }
    }
}
