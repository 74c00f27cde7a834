using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>runs</c>: written when a run is created and when it ends.</summary>
internal sealed class RunRow
{
    public Guid RunId { get; init; }

    public Guid ThreadId { get; init; }

    /// <summary>Order of runs on the thread.</summary>
    public long RunNo { get; init; }

    public required string Owner { get; init; }

    public required string Agent { get; init; }

    public Guid AssistantId { get; init; }

    /// <summary>What the assistant brought when the run was created: <c>config</c> and <c>context</c>; null when nothing.</summary>
    public string? Assistant { get; init; }

    /// <summary>The configuration that the thread had when the run was created; null when it had none.</summary>
    public string? ThreadConfig { get; init; }

    /// <summary>The creating request's body, exactly as sent.</summary>
    public required string Request { get; init; }

    /// <summary>That of the request over that of the thread over that of the assistant.</summary>
    public required string Metadata { get; init; }

    /// <summary>A copy of <see cref="Metadata"/> to search in; null when it is empty.</summary>
    public JsonElement? Filter { get; init; }

    public required string Strategy { get; init; }

    /// <summary>Whether its thread was made for it alone.</summary>
    public bool Stateless { get; init; }

    /// <summary>Whether its end is to be the end of its thread.</summary>
    public bool DeletesThread { get; init; }

    public Guid? ParentRunId { get; init; }

    /// <summary><c>active</c> or the terminal status.</summary>
    public required string Status { get; init; }

    public string? ErrorType { get; init; }

    /// <summary>Why it did not succeed.</summary>
    public string? Error { get; init; }

    public string? Usage { get; init; }

    public string? Progress { get; init; }

    /// <summary>Whether it was superseded before it started, and its input still waits to be merged by a later run.</summary>
    public bool Unmerged { get; init; }

    public int Attempt { get; init; }

    /// <summary>The number of its latest update; 0 until it has ended.</summary>
    public int Updates { get; init; }

    /// <summary>How many events it has; null until it has ended.</summary>
    public long? EventCount { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime? EndedAt { get; init; }
}
