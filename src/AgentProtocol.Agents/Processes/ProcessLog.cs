using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Processes;

/// <summary>What is logged about programs, in the log of their run.</summary>
internal static partial class ProcessLog
{
    [LoggerMessage(201, LogLevel.Information, "stderr: {Line}")]
    public static partial void Said(ILogger logger, string line);

    [LoggerMessage(202, LogLevel.Information, "stderr: {Count} more lines in the same second are left out")]
    public static partial void LinesLeftOut(ILogger logger, int count);

    [LoggerMessage(204, LogLevel.Warning, "The program sent a line after it was done, which is ignored")]
    public static partial void LineAfterEnd(ILogger logger);

    [LoggerMessage(205, LogLevel.Warning, "The program exited with code {ExitCode} after it was done")]
    public static partial void FailedAfterEnd(ILogger logger, int exitCode);

    [LoggerMessage(206, LogLevel.Warning, "The program did not end within {Grace} and is killed")]
    public static partial void Killed(ILogger logger, TimeSpan grace);

    [LoggerMessage(207, LogLevel.Error, "The program {ProcessId} could not be killed and is left alone")]
    public static partial void Unkillable(ILogger logger, int processId);
}
