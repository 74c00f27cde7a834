using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>What a thread is doing (wire-contract 5.2; schema <c>ThreadStatus</c>).</summary>
[JsonConverter(typeof(WireEnumConverter<ThreadStatus>))]
public enum ThreadStatus
{
    /// <summary>Nothing runs and nothing waits.</summary>
    [JsonStringEnumMemberName("idle")]
    Idle,

    /// <summary>A run is pending or running.</summary>
    [JsonStringEnumMemberName("busy")]
    Busy,

    /// <summary>The last run stopped and waits for a person.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,

    /// <summary>The last run ended in an error or ran out of time.</summary>
    [JsonStringEnumMemberName("error")]
    Error,
}
