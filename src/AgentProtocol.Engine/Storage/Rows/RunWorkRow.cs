using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>run_work</c>: the moving part of a run that has not ended.</summary>
internal sealed class RunWorkRow
{
    public Guid RunId { get; init; }

    public Guid ThreadId { get; init; }

    public long RunNo { get; init; }

    public required string Owner { get; init; }

    public RunState State { get; init; }

    /// <summary>Lower is claimed first; -1 for runs recovered from a dead node.</summary>
    public short Priority { get; init; }

    public DateTime AvailableAt { get; init; }

    /// <summary>The node that executes it.</summary>
    public Guid? Node { get; init; }

    /// <summary>Every write of an executor must match it; it only grows.</summary>
    public int Fence { get; init; }

    /// <summary>What the agent sees, from 1.</summary>
    public int Attempt { get; init; }

    /// <summary>Attempts that failed and were retried.</summary>
    public int Failures { get; init; }

    /// <summary>Executions lost with their node.</summary>
    public int Losses { get; init; }

    /// <summary>The number of its next event.</summary>
    public long NextEvent { get; init; }

    public string? Progress { get; init; }

    public string? Usage { get; init; }

    /// <summary>How it must end: <c>steer</c> (at its next checkpoint), <c>interrupt</c>, <c>rollback</c> or <c>timeout</c>; null while it may go on.</summary>
    public string? Settle { get; init; }

    public string? SettleReason { get; init; }

    /// <summary>More than 0 once its node must look at it.</summary>
    public int SignalNo { get; init; }

    /// <summary>The node that serves the stream whose loss cancels the run.</summary>
    public Guid? StreamNode { get; init; }

    /// <summary>When it is cancelled because its reader is gone.</summary>
    public DateTime? DisconnectAt { get; init; }

    /// <summary>When its time is up; set at the first claim.</summary>
    public DateTime? DeadlineAt { get; init; }

    /// <summary>When it was first claimed.</summary>
    public DateTime? StartedAt { get; init; }

    /// <summary>The number of its latest update.</summary>
    public int Updates { get; init; }

    public required string Agent { get; init; }

    /// <summary>The run that has started it; it ends with that.</summary>
    public Guid? ParentRunId { get; init; }

    /// <summary>How long it may take from its first start; null for as long as the server's settings say.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>When its wait for a first start is over.</summary>
    public DateTime? StartBy { get; init; }

    /// <summary>The message that is being written, as far as it was when a page was written last.</summary>
    public string? Partial { get; init; }
}
