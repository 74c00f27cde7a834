using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AgentProtocol.AspNetCore.Errors;

/// <summary>The one place where exceptions become answers.</summary>
internal sealed partial class ErrorHandler(IHostApplicationLifetime lifetime, ILogger<ErrorHandler> logger)
{
    /// <summary>Runs an endpoint and answers for it when it throws.</summary>
    public async Task GuardAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone: normal, and there is nobody to answer.
        }
        catch (Exception exception)
        {
            await AnswerAsync(context, exception);
        }
    }

    private Task AnswerAsync(HttpContext context, Exception exception)
    {
        if (context.Response.HasStarted)
        {
            LogAnswerBroken(exception, context.Request.Method, context.Request.Path);
            context.Abort();
            return Task.CompletedTask;
        }

        var headers = context.Response.Headers;
        headers.ContentLocation = default;
        headers.Location = default;
        switch (exception)
        {
            case ProtocolException refusal:
                return ErrorAnswer.WriteAsync(context, refusal.Code, refusal.Message, refusal.Errors);

            case BadHttpRequestException bad:
                return ErrorAnswer.WriteAsync(context, ErrorCodes.Of(bad.StatusCode), bad.Message, status: bad.StatusCode);

            case OperationCanceledException when lifetime.ApplicationStopping.IsCancellationRequested:
                headers.RetryAfter = "1";
                return ErrorAnswer.WriteAsync(context, ErrorCode.Unavailable, "The server is shutting down; try again");

            case var _ when IsDatabaseAway(exception):
                LogDatabaseAway(exception.Message, context.Request.Method, context.Request.Path);
                headers.RetryAfter = "1";
                return ErrorAnswer.WriteAsync(context, ErrorCode.Unavailable, "The database cannot be reached; try again");

            default:
                LogDefect(exception, context.Request.Method, context.Request.Path, RequestIds.Of(context));
                return ErrorAnswer.WriteAsync(
                    context, ErrorCode.InternalError, "The server failed; its log says why under this answer's x-request-id");
        }
    }

    /// <summary>Whether the cause is a database that may be back in a moment, however deep it is wrapped.</summary>
    internal static bool IsDatabaseAway(Exception? exception)
    {
        for (; exception is not null; exception = exception.InnerException)
        {
            if (exception is NpgsqlException { IsTransient: true })
            {
                return true;
            }
        }

        return false;
    }

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed (request {RequestId})")]
    private partial void LogDefect(Exception exception, string method, PathString path, string requestId);

    [LoggerMessage(LogLevel.Error, "{Method} {Path} failed after its answer had begun; the connection was aborted")]
    private partial void LogAnswerBroken(Exception exception, string method, PathString path);

    [LoggerMessage(LogLevel.Warning, "{Method} {Path} was refused because the database cannot be reached: {Reason}")]
    private partial void LogDatabaseAway(string reason, string method, PathString path);
}
