using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Tests.Llm;

/// <summary>Keeps the log of a run.</summary>
internal sealed class RunLog : ILogger
{
    public List<string> Lines { get; } = [];

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Lines.Add(formatter(state, exception));
}
