using System.Text.Json.Serialization;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>A thread: a place for state that outlives a run (wire-contract 1.6; schema <c>Thread</c> and its SDK superset).</summary>
public sealed record Thread
{
    /// <summary>Its id.</summary>
    public required Guid ThreadId { get; init; }

    /// <summary>When it was created, UTC.</summary>
    public required DateTime CreatedAt { get; init; }

    /// <summary>When its metadata, status or state last changed, UTC.</summary>
    public required DateTime UpdatedAt { get; init; }

    /// <summary>When its state was last written, UTC; absent before the first write.</summary>
    public required DateTime? StateUpdatedAt { get; init; }

    /// <summary>What the caller stored, plus <c>graph_id</c> and <c>assistant_id</c> once a run was created.</summary>
    public required RawJson Metadata { get; init; }

    /// <summary>What it is doing.</summary>
    public required ThreadStatus Status { get; init; }

    /// <summary>The current state, <c>messages</c> included; <c>{}</c> when there is none.</summary>
    public required RawJson Values { get; init; }

    /// <summary>The same messages in Agent Protocol form (role, content, id, metadata).</summary>
    public required RawJson Messages { get; init; }

    /// <summary>Pending interrupts by task id; <c>{}</c> when there are none.</summary>
    public required RawJson Interrupts { get; init; }

    /// <summary>The configuration of the latest run that brought one.</summary>
    public required RawJson Config { get; init; }

    /// <summary>Why the last run failed; null unless the status is <c>error</c>.</summary>
    public required string? Error { get; init; }

    /// <summary>How far the run in flight is, else how far the latest one was: <c>percent</c>, <c>phase</c>, <c>note</c>, <c>artifacts</c>. Absent when it said nothing, and in lists of threads.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? Progress { get; init; }

    /// <summary>Time to live; only when asked for with <c>include=ttl</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? Ttl { get; init; }

    /// <summary>What <c>extract</c> of a search asked for, by alias; only then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RawJson? Extracted { get; init; }
}
