using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Processes;

/// <summary>One line of a program.</summary>
internal abstract record ChildLine
{
    private ChildLine()
    {
    }

    /// <summary>An event of the run.</summary>
    public sealed record Says(AgentEvent Event) : ChildLine;

    /// <summary>It is between two steps, and waits for the messages that have come.</summary>
    public sealed record Ready : ChildLine;

    /// <summary>The run has succeeded.</summary>
    public sealed record Done : ChildLine;

    /// <summary>The run has failed.</summary>
    public sealed record Failed(string Message, bool Retryable) : ChildLine;

    /// <summary>Something for the run's log.</summary>
    public sealed record Logs(LogLevel Level, string Text) : ChildLine;

    /// <summary>A type that this server does not know; a newer one may.</summary>
    public sealed record Unknown(string Type) : ChildLine;

    /// <summary>An empty line.</summary>
    public sealed record Nothing : ChildLine;
}
