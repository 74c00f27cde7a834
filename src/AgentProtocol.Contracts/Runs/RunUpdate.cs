using System.Text.Json;
using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>How far an update is.</summary>
[JsonConverter(typeof(WireEnumConverter<RunUpdateStatus>))]
public enum RunUpdateStatus
{
    /// <summary>It is stored, and will not be lost.</summary>
    [JsonStringEnumMemberName("accepted")]
    Accepted,

    /// <summary>It is part of the thread's state.</summary>
    [JsonStringEnumMemberName("delivered")]
    Delivered,
}

/// <summary>Messages for a run in flight. Together they are at least one.</summary>
public sealed record RunUpdateCreate
{
    /// <summary>As the <c>input</c> of a run: an object with <c>messages</c>.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>Messages, appended to those of <see cref="Input"/>.</summary>
    public JsonElement? Messages { get; init; }
}

/// <summary>An update of a run, and what became of it.</summary>
public sealed record RunUpdate
{
    /// <summary>Its id.</summary>
    public required Guid UpdateId { get; init; }

    /// <summary>The run that takes it: that of the path, or the new run that it became because the agent takes no messages.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The thread of the run.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>How far it is.</summary>
    public required RunUpdateStatus Status { get; init; }

    /// <summary>When it was accepted, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it became part of the thread's state, UTC; null until then.</summary>
    public required DateTime? DeliveredAt { get; init; }
}

/// <summary>The same on the run itself.</summary>
public sealed record RunUpdateReceipt
{
    /// <summary>Its id.</summary>
    public required Guid UpdateId { get; init; }

    /// <summary>How far it is.</summary>
    public required RunUpdateStatus Status { get; init; }

    /// <summary>When it was accepted, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When it became part of the thread's state, UTC; null until then.</summary>
    public required DateTime? DeliveredAt { get; init; }
}
