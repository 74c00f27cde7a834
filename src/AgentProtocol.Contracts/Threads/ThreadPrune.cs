namespace AgentProtocol.Contracts.Threads;

/// <summary>Body of <c>POST /threads/prune</c> (wire-contract 3.8).</summary>
public sealed record ThreadPruneRequest
{
    /// <summary>The threads, at most 1000; unknown ones are skipped.</summary>
    public IReadOnlyList<Guid>? ThreadIds { get; init; }

    /// <summary><c>delete</c> (default) removes the threads; <c>keep_latest</c> removes all but their latest state.</summary>
    public string? Strategy { get; init; }
}

/// <summary>Answer of <c>POST /threads/prune</c>.</summary>
/// <param name="PrunedCount">How many of the threads there were.</param>
public sealed record ThreadPruneResponse(int PrunedCount);
