using AgentProtocol.AspNetCore.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>An answer that stays open while a run goes on.</summary>
internal static partial class OpenAnswer
{
    /// <summary>
    /// Sends the headers at once (a client holds a request slot until it has them, wire-contract 13.6), then lets
    /// <paramref name="write"/> go on until it is done, the client has gone or the server stops. Whatever ends it early
    /// ends it by aborting the connection: clients take a clean end for the end of the run (wire-contract 13.39).
    /// </summary>
    /// <param name="context">The request.</param>
    /// <param name="write">Writes the body.</param>
    /// <param name="lost">Called when the client did not get the whole answer.</param>
    public static async Task RunAsync(HttpContext context, Func<Heartbeat, CancellationToken, Task> write, Func<Task>? lost)
    {
        Unbuffer(context);
        var stopping = context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var complete = false;
        try
        {
            await context.Response.StartAsync(ending.Token);
            await context.Response.BodyWriter.FlushAsync(ending.Token);
            await write(new Heartbeat(time), ending.Token);
            complete = true;
        }
        catch (Exception) when (ending.IsCancellationRequested)
        {
            // The client has gone or the server stops: normal, whatever exception it surfaced as.
        }
        catch (Exception exception)
        {
            LogBroken(Logger(context), exception, context.Request.Method, context.Request.Path);
        }
        finally
        {
            await ending.CancelAsync();
        }

        if (!complete)
        {
            context.Abort();
            await TellAsync(context, lost);
        }
    }

    private static void Unbuffer(HttpContext context)
    {
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (context.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }
    }

    private static async Task TellAsync(HttpContext context, Func<Task>? lost)
    {
        try
        {
            await (lost?.Invoke() ?? Task.CompletedTask);
        }
        catch (Exception exception)
        {
            // The answer is over, so the log is the only place left to say it.
            LogDisconnectLost(Logger(context), exception, context.Request.Method, context.Request.Path);
        }
    }

    private static ILogger Logger(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILogger<ErrorHandler>>();

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed while it was streaming; the connection was aborted")]
    private static partial void LogBroken(ILogger logger, Exception exception, string method, PathString path);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} lost its client, and the run could not be told")]
    private static partial void LogDisconnectLost(ILogger logger, Exception exception, string method, PathString path);
}
