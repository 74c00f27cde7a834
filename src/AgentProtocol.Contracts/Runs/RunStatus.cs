using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>How far a run is (wire-contract 5.1; schema <c>RunStatus</c> plus <c>running</c>).</summary>
[JsonConverter(typeof(WireEnumConverter<RunStatus>))]
public enum RunStatus
{
    /// <summary>Stored; waits for a worker, for its delay, or behind another run of its thread.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>A worker executes it.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>It failed for good.</summary>
    [JsonStringEnumMemberName("error")]
    Error,

    /// <summary>It finished.</summary>
    [JsonStringEnumMemberName("success")]
    Success,

    /// <summary>It ran out of time; what it had finished is kept.</summary>
    [JsonStringEnumMemberName("timeout")]
    Timeout,

    /// <summary>It was cancelled, superseded, or stopped to wait for a person.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
