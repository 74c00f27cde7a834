using System.Buffers;
using System.IO.Pipelines;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Streams;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Writes an event, or nothing where the reader did not ask for it.</summary>
internal delegate void SseWriter<T>(IBufferWriter<byte> output, in T item);

/// <summary>Answers with the events of a run or of a thread.</summary>
internal static class SseResult
{
    /// <param name="stream">The open stream; disposed with the answer.</param>
    /// <param name="lost">Called when the client goes away before the end.</param>
    public static IResult Of(RunStream stream, Func<Task>? lost = null) =>
        new SseResult<RunStreamEvent>(stream, stream.ReadAsync, SseFrame.Write, lost);

    /// <param name="stream">The open stream; disposed with the answer.</param>
    /// <param name="write">Chooses and writes its events.</param>
    public static IResult Of(ThreadStream stream, SseWriter<ThreadStreamEvent> write) =>
        new SseResult<ThreadStreamEvent>(stream, stream.ReadAsync, write, lost: null);
}

/// <summary>Events as <c>text/event-stream</c>.</summary>
/// <param name="stream">The open stream; disposed with the answer.</param>
/// <param name="read">Its events.</param>
/// <param name="writeEvent">Writes one of them.</param>
/// <param name="lost">Called when the client goes away before the end.</param>
internal sealed class SseResult<T>(
    IAsyncDisposable stream, Func<CancellationToken, IAsyncEnumerable<T>> read, SseWriter<T> writeEvent, Func<Task>? lost) : IResult
{
    /// <summary>Replays are sent in pieces of about this size, so that a long one does not pile up in memory.</summary>
    private const int FlushBytes = 32 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        await using var open = stream;
        var response = httpContext.Response;
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        await OpenAnswer.RunAsync(
            httpContext,
            (heartbeat, cancellationToken) => WriteAsync(response.BodyWriter, heartbeat, cancellationToken),
            lost is null ? null : LeaveAsync);
    }

    /// <summary>Detaches first: while this node counts as a reader of the run, the word that its reader is gone is taken back.</summary>
    private async Task LeaveAsync()
    {
        await stream.DisposeAsync();
        await lost!();
    }

    private async Task WriteAsync(PipeWriter body, Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        await using var events = read(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var next = events.MoveNextAsync();
            if (!(next.IsCompleted ? await next : await WaitAsync(next.AsTask(), body, heartbeat, cancellationToken)))
            {
                break;
            }

            writeEvent(body, events.Current);
            if (body.UnflushedBytes >= FlushBytes)
            {
                await FlushAsync(body, heartbeat, cancellationToken);
            }
        }

        await FlushAsync(body, heartbeat, cancellationToken);
    }

    /// <summary>Nothing more is ready: sends what was written, then waits, with a heartbeat after each silence.</summary>
    private static async Task<bool> WaitAsync(
        Task<bool> next, PipeWriter body, Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        try
        {
            await FlushAsync(body, heartbeat, cancellationToken);
            while (!await heartbeat.WaitAsync(next, cancellationToken))
            {
                body.Write(SseFrame.Heartbeat);
                await FlushAsync(body, heartbeat, cancellationToken);
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // Falls through: an enumerator must not be disposed while it moves, and the same token ends its move.
        }

        return await next;
    }

    private static async ValueTask FlushAsync(PipeWriter body, Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        if (body.UnflushedBytes > 0)
        {
            await body.FlushAsync(cancellationToken);
            heartbeat.Wrote();
        }
    }
}
