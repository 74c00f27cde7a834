using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>What calls of a model write into the log of the run that they are made for.</summary>
internal static partial class ModelCallLog
{
    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem} It is asked again in {Delay} (try {Try} of {Tries}).")]
    public static partial void ModelIsAskedAgain(ILogger logger, string problem, TimeSpan delay, int @try, int tries);
}
