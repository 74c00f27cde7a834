using Microsoft.Extensions.Logging;

namespace AgentProtocol.Hangfire;

/// <summary>Every line this queue logs.</summary>
internal static partial class HangfireLog
{
    [LoggerMessage(1, LogLevel.Error, "The delivery of run {RunId} failed; it is delivered again")]
    public static partial void DeliveryFailed(ILogger logger, Guid runId, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "Run {RunId} could not be given to Hangfire; the sweep tries again")]
    public static partial void SignalLost(ILogger logger, Guid runId, Exception exception);

    [LoggerMessage(3, LogLevel.Information, "{Runs} ready runs had no job and were given to Hangfire")]
    public static partial void Redelivered(ILogger logger, int runs);

    [LoggerMessage(4, LogLevel.Error, "The sweep for undelivered runs failed and is repeated")]
    public static partial void SweepFailed(ILogger logger, Exception exception);

    [LoggerMessage(5, LogLevel.Warning, "The host's time to shut down is over while workers are busy; their runs go on elsewhere")]
    public static partial void WorkersLeft(ILogger logger);
}
