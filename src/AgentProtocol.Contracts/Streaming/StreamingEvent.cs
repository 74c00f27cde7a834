using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Streaming;

/// <summary>One event of a thread (wire-contract 6.7; schema <c>StreamingEvent</c>).</summary>
public sealed record StreamingEvent
{
    /// <summary>Always <c>event</c>.</summary>
    public string Type { get; } = "event";

    /// <summary>Its id, unique in the thread and the same whenever it is sent again; the SSE id.</summary>
    public required string EventId { get; init; }

    /// <summary>The same under the Agent Protocol's name; only on the Agent Protocol's path.</summary>
    [JsonPropertyName("eventId")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? EventIdTwin { get; init; }

    /// <summary>Its place in the order of all events of the thread, across runs; there are gaps.</summary>
    public required long Seq { get; init; }

    /// <summary>Mostly its channel's name; events of the channel <c>input</c> are <c>input.requested</c>.</summary>
    public required string Method { get; init; }

    /// <summary>What happened.</summary>
    public required StreamingEventParams Params { get; init; }
}

/// <summary>The <c>params</c> of a <see cref="StreamingEvent"/>.</summary>
public sealed record StreamingEventParams
{
    /// <summary>Where in the tree of agents; empty at the root.</summary>
    public required IReadOnlyList<string> Namespace { get; init; }

    /// <summary>When it was written, in Unix milliseconds.</summary>
    public required long Timestamp { get; init; }

    /// <summary>The step it belongs to, if any.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Node { get; init; }

    /// <summary>The data of the event; its shape depends on the method.</summary>
    public required RawJson Data { get; init; }
}
