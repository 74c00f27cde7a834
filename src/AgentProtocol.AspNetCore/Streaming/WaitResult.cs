using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using AgentProtocol.AspNetCore.Errors;
using AgentProtocol.AspNetCore.Results;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Http;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// The end of a run as one JSON document (wire-contract 4.5). Its headers leave at once; until the run has ended, line
/// breaks, which JSON allows in front, keep the connection alive.
/// </summary>
/// <param name="run">The run as it is known now.</param>
/// <param name="shape">What the document shows.</param>
/// <param name="wait">Waits for the end.</param>
/// <param name="lost">Called when the client goes away before the end.</param>
internal sealed class WaitResult(
    Run run, WaitShape shape, Func<CancellationToken, Task<RunResult>> wait, Func<Task>? lost = null) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.ContentType = "application/json";
        response.Headers.CacheControl = "no-cache";
        response.Headers["X-Accel-Buffering"] = "no";
        return OpenAnswer.RunAsync(
            httpContext, (heartbeat, cancellationToken) => WriteAsync(response.BodyWriter, heartbeat, cancellationToken), lost);
    }

    private async Task WriteAsync(PipeWriter body, Heartbeat heartbeat, CancellationToken cancellationToken)
    {
        var ended = wait(cancellationToken);
        try
        {
            while (!await heartbeat.WaitAsync(ended, cancellationToken))
            {
                body.Write("\n"u8);
                await body.FlushAsync(cancellationToken);
                heartbeat.Wrote();
            }
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested)
        {
            // The wait ends by the same token, and counts as a reader of the run until it has.
            await ended.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }

        await using (var writer = new Utf8JsonWriter(body, JsonScratch.WriterOptions))
        {
            try
            {
                WaitDocument.Write(writer, shape, run, await ended);
            }
            catch (ProtocolException refusal)
            {
                // The status line has left, so a thread that was deleted meanwhile is told in the body.
                WaitDocument.WriteFailure(writer, refusal.Code.Text, refusal.Message);
            }
        }

        await body.FlushAsync(cancellationToken);
    }
}
