using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>Body of <c>POST /runs/cancel</c> (wire-contract 4.3): a status, or a thread and runs on it.</summary>
public sealed record RunsCancel
{
    /// <summary>The thread of the runs.</summary>
    public Guid? ThreadId { get; init; }

    /// <summary>Runs of the thread, 1 to 1000; unknown ones are passed over.</summary>
    public IReadOnlyList<Guid>? RunIds { get; init; }

    /// <summary>All runs in this state, instead of named ones.</summary>
    public RunsCancelStatus? Status { get; init; }
}

/// <summary>Which runs to cancel.</summary>
[JsonConverter(typeof(WireEnumConverter<RunsCancelStatus>))]
public enum RunsCancelStatus
{
    /// <summary>Those that nobody executes yet.</summary>
    [JsonStringEnumMemberName("pending")]
    Pending,

    /// <summary>Those that are being executed.</summary>
    [JsonStringEnumMemberName("running")]
    Running,

    /// <summary>Both.</summary>
    [JsonStringEnumMemberName("all")]
    All,
}
