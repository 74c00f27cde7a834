using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>A run and what it led to (wire-contract 4.5; schema <c>RunWaitResponse</c>).</summary>
public sealed record RunWaitResponse
{
    /// <summary>The run, ended.</summary>
    public required Run Run { get; init; }

    /// <summary>The state after it, without <c>messages</c>.</summary>
    public required RawJson Values { get; init; }

    /// <summary>The messages of that state in Agent Protocol form.</summary>
    public required RawJson Messages { get; init; }

    /// <summary>Repeats the run's status: the protocol's README looks here.</summary>
    public required RunStatus Status { get; init; }
}
