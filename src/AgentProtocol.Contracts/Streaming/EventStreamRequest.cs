namespace AgentProtocol.Contracts.Streaming;

/// <summary>Which events of a thread a stream shows (wire-contract 6.9; schema <c>EventStreamRequest</c>).</summary>
public sealed record EventStreamRequest
{
    /// <summary>
    /// At least one of <c>values</c>, <c>updates</c>, <c>messages</c>, <c>tools</c>, <c>lifecycle</c>, <c>input</c>, <c>checkpoints</c>,
    /// <c>tasks</c>, <c>custom</c> and <c>custom:</c> with the name of a custom event.
    /// </summary>
    public IReadOnlyList<string>? Channels { get; init; }

    /// <summary>Only events at or below one of these places in the tree of agents; all when empty or absent.</summary>
    public IReadOnlyList<IReadOnlyList<string>>? Namespaces { get; init; }

    /// <summary>How many levels below one of <see cref="Namespaces"/> an event may be, from 0; any when absent.</summary>
    public int? Depth { get; init; }

    /// <summary>Only events with a greater sequence number; when absent, the events of the current run from its first.</summary>
    public long? Since { get; init; }
}
