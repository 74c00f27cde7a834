using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>What calls of a model write into the log of the run that they are made for.</summary>
internal static partial class ModelCallLog
{
    private const string Key = "agentprotocol:log";

    /// <summary>Says which log a call writes into. One client serves many runs, so that each call has to bring its own.</summary>
    public static ChatOptions WithLog(this ChatOptions options, ILogger log)
    {
        (options.AdditionalProperties ??= [])[Key] = log;
        return options;
    }

    /// <summary>The log of a call, or one that forgets.</summary>
    public static ILogger Log(this ChatOptions? options) =>
        options?.AdditionalProperties?.TryGetValue(Key, out var log) == true && log is ILogger logger ? logger : NullLogger.Instance;

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Problem} It is asked again in {Delay} (try {Try} of {Tries}).")]
    public static partial void ModelIsAskedAgain(ILogger logger, string problem, TimeSpan delay, int @try, int tries);
}
