using System.Text.Json;
using AgentProtocol.Agents.Wire;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Remote;

/// <summary>An event of another server's run.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Data">Its data.</param>
internal sealed record RemoteFrame(string Name, JsonElement Data);

/// <summary>
/// Reads a run of another server to its end, over as many connections as that takes. What ends a connection says nothing of
/// the run: whether that has ended, the server is asked.
/// </summary>
/// <param name="server">The server.</param>
/// <param name="threadId">The thread there.</param>
/// <param name="runId">The run there.</param>
/// <param name="time">The clock of the pauses between connections.</param>
/// <param name="logger">The log of our run.</param>
/// <param name="stopping">Ends the reading, for as long as the stream lives.</param>
internal sealed class RemoteStream(
    RemoteServer server, Guid threadId, string runId, TimeProvider time, ILogger logger, CancellationToken stopping) : IAsyncDisposable
{
    private const int MostFailures = 5;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private HttpResponseMessage? response;
    private BoundedLines? lines;
    private IAsyncEnumerator<SseFrame>? frames;
    private Task<RemoteFrame?>? pending;
    private string? lastId;
    private int failures;
    private bool hasRead;

    /// <summary>The run there.</summary>
    public string RunId => runId;

    /// <summary>The run at its end; null when the server does not know it any more.</summary>
    public RemoteRun? Ended { get; private set; }

    /// <summary>The values at its end, where its events could not be read to the end.</summary>
    public JsonElement? Joined { get; private set; }

    /// <summary>Whether events may have been missed.</summary>
    public bool HasGap { get; private set; }

    /// <summary>Reads from a connection that is open already.</summary>
    public async Task BeginAsync(HttpResponseMessage opened)
    {
        response = opened;
        lines = await server.Http.ReadLinesAsync(opened, stop.Token);
        frames = SseFrame.ReadAsync(lines, stop.Token).GetAsyncEnumerator(stop.Token);
    }

    /// <summary>The next event; null when the run has ended. One call at a time.</summary>
    public Task<RemoteFrame?> NextAsync() => pending = ReadAsync();

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        if (pending is not null)
        {
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await CloseAsync();
        stop.Dispose();
    }

    private async Task<RemoteFrame?> ReadAsync()
    {
        while (true)
        {
            var (frame, lost) = await TryReadAsync();
            if (frame is not null)
            {
                (failures, hasRead) = (0, true);
                return frame;
            }

            await CloseAsync();
            if (await IsOverAsync(lost))
            {
                return null;
            }
        }
    }

    /// <summary>An event, or why none came.</summary>
    private async Task<(RemoteFrame? Frame, Exception? Lost)> TryReadAsync()
    {
        try
        {
            if (frames is null)
            {
                // Without numbers nobody can say where to go on.
                HasGap |= hasRead && lastId is null;
                await BeginAsync(await server.StreamAsync(threadId, runId, lastId ?? "-1", stop.Token));
            }

            if (!await frames!.MoveNextAsync())
            {
                return (null, null);
            }

            var frame = frames.Current;
            var data = server.Secrets.Conceal(JsonElement.Parse(frame.Data, AgentJson.DocumentOptions));
            lastId = frame.Id ?? lastId;
            return (new RemoteFrame(frame.Name ?? "message", data), null);
        }
        catch (Exception exception) when (!stop.IsCancellationRequested && (AgentServer.IsLost(exception) || exception is JsonException))
        {
            // Half of an event is what a connection leaves that was cut off.
            return (null, exception);
        }
        catch (AgentException refusal) when (!stop.IsCancellationRequested)
        {
            // The run may be there although its events are not: they are kept for a while only.
            failures = refusal.Retryable ? failures : MostFailures;
            return (null, refusal);
        }
    }

    private async Task<bool> IsOverAsync(Exception? lost)
    {
        // A server that sends no heartbeats is silent for as long as its agent thinks: that is no failure.
        failures += lost is TimeoutException ? 0 : 1;
        try
        {
            Ended = await server.ReadAsync(threadId, runId, stop.Token);
            if (Ended is not { IsActive: true })
            {
                return true;
            }

            if (failures > MostFailures)
            {
                Joined = await server.JoinAsync(threadId, runId, stop.Token);
                Ended = await server.ReadAsync(threadId, runId, stop.Token);
                return true;
            }
        }
        catch (Exception exception) when (AgentServer.IsLost(exception) && failures <= MostFailures && !stop.IsCancellationRequested)
        {
            failures += lost is TimeoutException ? 1 : 0;
            lost = exception;
        }

        AgentServerLog.StreamBroke(logger, server.Http.Name, lastId ?? "-", lost switch { null => "it ended before the run", AgentException refusal => refusal.Message, _ => server.Http.Translate(lost).Message });
        var pause = FirstPause * Math.Pow(2, Math.Max(0, failures - 1));
        await Task.Delay(pause < LongestPause ? pause : LongestPause, time, stop.Token);
        return false;
    }

    private async ValueTask CloseAsync()
    {
        if (frames is not null)
        {
            await frames.DisposeAsync();
        }

        if (lines is not null)
        {
            await lines.DisposeAsync();
        }

        response?.Dispose();
        (frames, lines, response) = (null, null, null);
    }
}
