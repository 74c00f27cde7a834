namespace AgentProtocol.Engine.Queue;

/// <summary>A run that this node may execute, until somebody raises its fence.</summary>
internal sealed record ClaimedRun
{
    public required Guid RunId { get; init; }

    public required Guid ThreadId { get; init; }

    public required string Owner { get; init; }

    /// <summary>The node id it was claimed under.</summary>
    public required Guid Node { get; init; }

    public required long RunNo { get; init; }

    /// <summary>The number every write must match.</summary>
    public required int Fence { get; init; }

    /// <summary>From 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>Attempts of it that failed and were retried.</summary>
    public int Failures { get; init; }

    /// <summary>Executions of it that were lost with their node.</summary>
    public int Losses { get; init; }

    /// <summary>The number of its next event; more than 0 when an earlier attempt wrote some.</summary>
    public long NextEvent { get; init; }

    /// <summary>How it must end without being executed; null in the ordinary case.</summary>
    public string? Settle { get; init; }

    public string? SettleReason { get; init; }

    /// <summary>Token usage that earlier attempts added up.</summary>
    public string? Usage { get; init; }

    /// <summary>The number of its latest update.</summary>
    public int Updates { get; init; }

    /// <summary>What earlier attempts said about their progress.</summary>
    public string? Progress { get; init; }

    /// <summary>The message that an earlier attempt was writing when it was lost.</summary>
    public string? Partial { get; init; }

    /// <summary>The run that has started it; null when a caller has.</summary>
    public Guid? ParentRunId { get; init; }

    /// <summary>When its time is up, by the database's clock.</summary>
    public DateTime? DeadlineAt { get; init; }

    /// <summary>How long it may take in all.</summary>
    public TimeSpan TimeLimit { get; init; }

    /// <summary>How long it still has, measured by the database when it was claimed.</summary>
    public required TimeSpan TimeLeft { get; init; }

    /// <summary>What to execute; null until it is loaded.</summary>
    public RunOrder? Order { get; init; }

    /// <summary>Whether the thread is known to have no state and no inputs to merge, so that nothing needs to be read.</summary>
    public bool IsFirstOnThread { get; init; }
}

/// <summary>What a run was asked to do.</summary>
/// <param name="Agent">The agent's id.</param>
/// <param name="AssistantId">The assistant's id.</param>
/// <param name="Request">The body of the creating request.</param>
/// <param name="Assistant">The settings of the assistant; null when it has none.</param>
/// <param name="ThreadConfig">The configuration that the thread had; null when it had none.</param>
internal sealed record RunOrder(string Agent, Guid AssistantId, string Request, string? Assistant = null, string? ThreadConfig = null);
