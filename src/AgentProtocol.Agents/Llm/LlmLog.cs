using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Llm;

/// <summary>What agents with a model write into the log of their run.</summary>
internal static partial class LlmLog
{
    [LoggerMessage(700, LogLevel.Information, "{Count} results of tool calls are left out of what the model sees, to keep within the context limit")]
    public static partial void ContextTrimmed(ILogger logger, int count);

    [LoggerMessage(701, LogLevel.Warning, "The tool {Tool} failed: {Reason}")]
    public static partial void ToolFailed(ILogger logger, string tool, string reason, Exception? exception);

    [LoggerMessage(702, LogLevel.Warning, "The answer to a request for approval is not understood, so it is asked again: {Reason}")]
    public static partial void ApprovalNotUnderstood(ILogger logger, string reason);
}
