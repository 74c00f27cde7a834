using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Wire;

/// <summary>What is worth a line in the log of a run that another server works for.</summary>
internal static partial class AgentServerLog
{
    [LoggerMessage(LogLevel.Warning, "{Server} could not be told that the run is cancelled: {Reason}")]
    public static partial void CancelLost(ILogger logger, string server, string reason);

    [LoggerMessage(LogLevel.Information, "{Server} executes the run as its run {RemoteRunId}")]
    public static partial void Follows(ILogger logger, string server, string remoteRunId);

    [LoggerMessage(LogLevel.Information, "The stream of the run at {Server} broke and is taken up again behind event {Last}: {Reason}")]
    public static partial void StreamBroke(ILogger logger, string server, string last, string reason);
}
