using Serilog.Core;
using Serilog.Events;

namespace AgentProtocolServer.Logging;

/// <summary>Shows the run behind a line on the console; structured sinks have the same as properties.</summary>
internal sealed class RunContextEnricher : ILogEventEnricher
{
    public void Enrich(LogEvent logEvent, ILogEventPropertyFactory propertyFactory)
    {
        if (logEvent.Properties.TryGetValue("RunId", out var run) && logEvent.Properties.TryGetValue("ThreadId", out var thread)
            && logEvent.Properties.TryGetValue("Attempt", out var attempt))
        {
            logEvent.AddPropertyIfAbsent(new LogEventProperty("RunContext", new ScalarValue($" [run {run} thread {thread} attempt {attempt}]")));
        }
    }
}
