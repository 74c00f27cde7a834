using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>thread_heads</c>: one row per thread on which every decision about the thread is made.</summary>
internal sealed class ThreadHeadRow
{
    public Guid ThreadId { get; init; }

    public required string Owner { get; init; }

    public required string Status { get; init; }

    /// <summary>The agent of the latest run; shown in the thread's metadata as <c>graph_id</c>.</summary>
    public string? Agent { get; init; }

    public Guid? AssistantId { get; init; }

    public string? Config { get; init; }

    public string? Error { get; init; }

    /// <summary>The checkpoint that holds the current state; null before the first.</summary>
    public Guid? Head { get; init; }

    /// <summary>Its number; 0 before the first.</summary>
    public int HeadN { get; init; }

    /// <summary>The highest number ever given out on the thread.</summary>
    public int LastN { get; init; }

    /// <summary>The segment of the head: the number of its snapshot.</summary>
    public int Segment { get; init; }

    /// <summary>The current state without <c>messages</c>.</summary>
    public required string Values { get; init; }

    /// <summary>A copy of <see cref="Values"/> to search in; null when it is empty, large, or not storable as jsonb.</summary>
    public JsonElement? ValueFilter { get; init; }

    /// <summary>The slot: the one run that is delayed, ready or running.</summary>
    public Guid? ActiveRun { get; init; }

    /// <summary>How many runs wait behind it.</summary>
    public int Waiting { get; init; }

    /// <summary>How many superseded runs left inputs that the next run merges first.</summary>
    public int Unmerged { get; init; }

    /// <summary>How many updates the active run has not taken yet.</summary>
    public int Untaken { get; init; }

    /// <summary>Whether a run that has ended asked for the deletion of the thread: it is gone once no run is in flight.</summary>
    public bool Disposable { get; init; }

    /// <summary>The number of the latest run of the thread.</summary>
    public long RunNo { get; init; }

    public DateTime UpdatedAt { get; init; }

    public DateTime? StateUpdatedAt { get; init; }
}
