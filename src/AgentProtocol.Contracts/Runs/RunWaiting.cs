using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>Why a run does not execute yet.</summary>
public sealed record RunWaiting
{
    /// <summary>What it waits for.</summary>
    public required RunWaitReason Reason { get; init; }

    /// <summary>The run before it on its thread; only with the reason <c>thread</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? RunId { get; init; }

    /// <summary>When the wait is over, UTC; only with the reasons <c>delay</c> and <c>retry</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public DateTime? Until { get; init; }

    /// <summary>How many runs of its agent may execute at once; only with the reason <c>agent</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Limit { get; init; }

    /// <summary>How many runs of its agent execute now; only with the reason <c>agent</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Running { get; init; }
}

/// <summary>What a pending run waits for.</summary>
[JsonConverter(typeof(WireEnumConverter<RunWaitReason>))]
public enum RunWaitReason
{
    /// <summary>For an earlier run of its thread.</summary>
    [JsonStringEnumMemberName("thread")]
    Thread,

    /// <summary>For the end of the delay it was created with.</summary>
    [JsonStringEnumMemberName("delay")]
    Delay,

    /// <summary>For the pause before another attempt.</summary>
    [JsonStringEnumMemberName("retry")]
    Retry,

    /// <summary>For another run of its agent to end, of which only so many may execute at once.</summary>
    [JsonStringEnumMemberName("agent")]
    Agent,

    /// <summary>For a worker that has room.</summary>
    [JsonStringEnumMemberName("worker")]
    Worker,
}
