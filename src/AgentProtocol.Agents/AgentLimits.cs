namespace AgentProtocol.Agents;

/// <summary>How long a run may take. A limit that is null is somebody else's to set: the run's over the agent's over the server's.</summary>
/// <param name="Total">From its first start, over all attempts.</param>
/// <param name="Idle">Without any event of the agent; after that it counts as stuck.</param>
/// <param name="QueueWait">From its creation, or the end of its delay, until its first start.</param>
public sealed record AgentLimits(TimeSpan? Total = null, TimeSpan? Idle = null, TimeSpan? QueueWait = null)
{
    /// <summary>No limits of its own.</summary>
    public static AgentLimits None { get; } = new();
}

/// <summary>How failed attempts of a run are repeated.</summary>
/// <param name="MaxAttempts">How often a run is tried, from 1.</param>
/// <param name="Delay">The pause before the second attempt; it doubles with each further one, up to 30 s.</param>
public sealed record AgentRetry(int MaxAttempts, TimeSpan Delay);

/// <summary>What becomes of a running run when a newer one supersedes it with the strategy <c>interrupt</c>.</summary>
public enum SteerPolicy
{
    /// <summary>It stops at once; what it was in the middle of is lost.</summary>
    Interrupt,

    /// <summary>It stops at its next checkpoint, so that nothing it has begun is lost.</summary>
    Steer,
}
