using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>What happens to the runs in flight when a new run arrives on their thread (wire-contract 5.4).</summary>
[JsonConverter(typeof(WireEnumConverter<MultitaskStrategy>))]
public enum MultitaskStrategy
{
    /// <summary>The new run waits for its turn.</summary>
    [JsonStringEnumMemberName("enqueue")]
    Enqueue,

    /// <summary>The new run is refused with 409.</summary>
    [JsonStringEnumMemberName("reject")]
    Reject,

    /// <summary>The older runs stop; what they finished stays.</summary>
    [JsonStringEnumMemberName("interrupt")]
    Interrupt,

    /// <summary>The older runs stop and are erased with all they did.</summary>
    [JsonStringEnumMemberName("rollback")]
    Rollback,

    /// <summary>The run in flight takes the new messages and goes on, when its agent can; otherwise as <c>interrupt</c>.</summary>
    [JsonStringEnumMemberName("steer")]
    Steer,
}

/// <summary>How a run is cancelled (wire-contract 5.5).</summary>
[JsonConverter(typeof(WireEnumConverter<CancelAction>))]
public enum CancelAction
{
    /// <summary>Stop it; what it finished stays.</summary>
    [JsonStringEnumMemberName("interrupt")]
    Interrupt,

    /// <summary>Stop it and erase it.</summary>
    [JsonStringEnumMemberName("rollback")]
    Rollback,
}
