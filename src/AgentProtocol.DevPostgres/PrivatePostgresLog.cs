using Microsoft.Extensions.Logging;

namespace AgentProtocol.DevPostgres;

internal static partial class PrivatePostgresLog
{
    [LoggerMessage(1, LogLevel.Information, "Creating a PostgreSQL {Version} cluster in {Folder}")]
    public static partial void Creating(this ILogger logger, int version, string folder);

    [LoggerMessage(2, LogLevel.Information, "Private PostgreSQL {Version} runs as process {ProcessId} in {Folder}")]
    public static partial void Started(this ILogger logger, int version, int processId, string folder);

    [LoggerMessage(3, LogLevel.Information, "Took over the private PostgreSQL left running as process {ProcessId} in {Folder}")]
    public static partial void TookOver(this ILogger logger, int processId, string folder);

    [LoggerMessage(4, LogLevel.Information, "Stopped the private PostgreSQL in {Folder}")]
    public static partial void Stopped(this ILogger logger, string folder);

    [LoggerMessage(5, LogLevel.Warning, "Removed the stale postmaster.pid of {Folder}: process {ProcessId} is another program now")]
    public static partial void RemovedStalePostmasterFile(this ILogger logger, string folder, int processId);

    [LoggerMessage(6, LogLevel.Warning, "PostgreSQL process {ProcessId} of {Folder} lost its socket; restarting it")]
    public static partial void LostSocket(this ILogger logger, int processId, string folder);

    [LoggerMessage(7, LogLevel.Warning, "The private PostgreSQL in {Folder} did not stop in order and was told to stop at once")]
    public static partial void StoppedAtOnce(this ILogger logger, string folder);

    [LoggerMessage(8, LogLevel.Information, "Removed what an interrupted creation left in {Folder}")]
    public static partial void RemovedHalfCluster(this ILogger logger, string folder);
}
