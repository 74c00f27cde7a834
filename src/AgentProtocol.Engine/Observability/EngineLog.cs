using Microsoft.Extensions.Logging;

namespace AgentProtocol.Engine.Observability;

/// <summary>Every line the engine logs. Lines about a run also carry its scope: run id, thread id, attempt.</summary>
internal static partial class EngineLog
{
    [LoggerMessage(1, LogLevel.Information, "Node {NodeId} joined as {Roles} with room for {Capacity} runs")]
    public static partial void NodeJoined(ILogger logger, Guid nodeId, string roles, int capacity);

    [LoggerMessage(2, LogLevel.Warning, "Node {NodeId} was declared dead while it was alive; its runs are stopped here and it joins anew")]
    public static partial void NodeDeclaredDead(ILogger logger, Guid nodeId);

    [LoggerMessage(3, LogLevel.Warning, "Node {NodeId} has lost its database session; it tries again")]
    public static partial void NodeSessionLost(ILogger logger, Guid nodeId, Exception exception);

    [LoggerMessage(4, LogLevel.Warning, "Node {DeadNode} is dead; {Runs} runs of it go on elsewhere")]
    public static partial void NodeReaped(ILogger logger, Guid deadNode, int runs);

    [LoggerMessage(5, LogLevel.Debug, "Run starts, attempt {Attempt}")]
    public static partial void RunStarts(ILogger logger, int attempt);

    [LoggerMessage(6, LogLevel.Debug, "Run ended as {Status}")]
    public static partial void RunEnded(ILogger logger, string status);

    [LoggerMessage(7, LogLevel.Warning, "Run failed: {Error}")]
    public static partial void RunFailed(ILogger logger, string error, Exception? exception);

    [LoggerMessage(8, LogLevel.Warning, "Attempt failed and is repeated in {Delay}: {Error}")]
    public static partial void RunRetried(ILogger logger, TimeSpan delay, string error, Exception exception);

    [LoggerMessage(9, LogLevel.Warning, "The lease was lost; nothing more is written")]
    public static partial void LeaseLost(ILogger logger);

    [LoggerMessage(10, LogLevel.Warning, "The agent ignored its cancellation for {Grace} and is abandoned")]
    public static partial void AgentAbandoned(ILogger logger, TimeSpan grace);

    [LoggerMessage(11, LogLevel.Error, "The executor failed; the run is left to the recovery of lost runs")]
    public static partial void ExecutorFailed(ILogger logger, Exception exception);

    [LoggerMessage(12, LogLevel.Warning, "{Loop} failed and tries again")]
    public static partial void LoopFailed(ILogger logger, string loop, Exception exception);

    [LoggerMessage(13, LogLevel.Debug, "Hints to other nodes were lost")]
    public static partial void HintsLost(ILogger logger, Exception exception);

    [LoggerMessage(14, LogLevel.Information, "Draining: {Runs} runs are asked to reach their next checkpoint")]
    public static partial void Draining(ILogger logger, int runs);

    [LoggerMessage(15, LogLevel.Information, "Run is handed back for another execution")]
    public static partial void RunHandedBack(ILogger logger);

    [LoggerMessage(16, LogLevel.Information, "Sweep: {Due} due, {Settled} settled, {Late} never started in time, {Promoted} promoted, {Recovered} recovered, {Deleted} deleted")]
    public static partial void Swept(ILogger logger, int due, int settled, int late, int promoted, int recovered, int deleted);

    [LoggerMessage(17, LogLevel.Warning, "The database does not answer yet: {Error}")]
    public static partial void DatabaseAway(ILogger logger, string error);

    [LoggerMessage(64, LogLevel.Information, "The events of runs of {Day} are past their retention and were dropped")]
    public static partial void EventsDropped(ILogger logger, DateOnly day);

    [LoggerMessage(61, LogLevel.Debug, "Cron {CronId} has started run {RunId}")]
    public static partial void CronFired(ILogger logger, Guid cronId, Guid runId);

    [LoggerMessage(62, LogLevel.Warning, "Cron {CronId} could not start a run this time: {Refusal}")]
    public static partial void CronRefused(ILogger logger, Guid cronId, string refusal);

    [LoggerMessage(63, LogLevel.Warning, "Cron {CronId} failed to fire and is tried again")]
    public static partial void CronFailed(ILogger logger, Guid cronId, Exception exception);

    [LoggerMessage(18, LogLevel.Warning, "{Runs} runs were claimed by this node without its hearing of it; they are put back")]
    public static partial void ClaimsUnheard(ILogger logger, int runs);

    [LoggerMessage(40, LogLevel.Warning, "The webhook of run {RunId} to {Host} is given up after attempt {Attempt}: {Error}")]
    public static partial void WebhookGivenUp(ILogger logger, Guid runId, string host, int attempt, string error);
}
