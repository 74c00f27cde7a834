using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>A run of an agent on a thread (wire-contract 1.6; schema <c>Run</c> and its SDK superset).</summary>
public sealed record Run
{
    /// <summary>Its id.</summary>
    public required Guid RunId { get; init; }

    /// <summary>The thread it runs on.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>The assistant it was created for.</summary>
    public required Guid AssistantId { get; init; }

    /// <summary>The Agent Protocol name of the same: a graph id, or the UUID of an assistant that somebody created (wire-contract 8.3).</summary>
    public required string AgentId { get; init; }

    /// <summary>When it was created, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When its status last changed, UTC.</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>How far it is.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>The metadata of the creating request, over that of the thread, over that of the assistant.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>The stored request, with the configuration and the context that the run finds.</summary>
    public required RawJson Kwargs { get; init; }

    /// <summary>The strategy it was created with.</summary>
    public required MultitaskStrategy MultitaskStrategy { get; init; }

    /// <summary>Why it failed, or why it stopped; null otherwise.</summary>
    public required string? Error { get; init; }

    /// <summary>The input of the creating request.</summary>
    public required RawJson Input { get; init; }

    /// <summary>The configuration of the creating request, over that of the thread, over that of the assistant.</summary>
    public required RawJson Config { get; init; }

    /// <summary>The stream modes of the creating request.</summary>
    public required IReadOnlyList<string> StreamMode { get; init; }

    /// <summary>What the agent last said about its progress (<c>percent</c>, <c>phase</c>, <c>note</c>), and the <c>artifacts</c> it has made so far, each with <c>name</c> and <c>content</c>; absent when it said nothing.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? Progress { get; init; }

    /// <summary>Why it is still pending, when a single run is read; absent otherwise.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunWaiting? WaitingFor { get; init; }

    /// <summary>The run that has started it; absent when a caller has.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Guid? ParentRunId { get; init; }

    /// <summary>Token usage as the agent reported it, summed up; absent when it reported none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? Usage { get; init; }

    /// <summary>What callers told it while it was in flight, in their order; absent when nothing was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<RunUpdateReceipt>? Updates { get; init; }
}
