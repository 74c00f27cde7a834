using System.Diagnostics;

namespace AgentProtocolServer.Logging;

/// <summary>One line per request that was refused, failed or took long; the others only at Debug.</summary>
internal static partial class RequestLog
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(1);

    public static void UseRequestLog(this WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("AgentProtocolServer.Requests");
        app.Use(async (context, next) =>
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await next(context);
            }
            finally
            {
                var elapsed = Stopwatch.GetElapsedTime(started);
                var status = context.Response.StatusCode;
                var level = status >= StatusCodes.Status400BadRequest || elapsed > Long ? LogLevel.Information : LogLevel.Debug;
                LogRequest(logger, level, context.Request.Method, context.Request.Path, status, elapsed.TotalMilliseconds);
            }
        });
    }

    [LoggerMessage(Message = "{Method} {Path} {Status} {Milliseconds:0.0} ms")]
    private static partial void LogRequest(ILogger logger, LogLevel level, string method, PathString path, int status, double milliseconds);
}
