namespace AgentProtocol.Contracts.Runs;

/// <summary>How long a run may take, in seconds. It may ask for less than its agent and the server allow, and not for more.</summary>
public sealed record RunTimeouts
{
    /// <summary>From its first start, over all attempts.</summary>
    public double? Total { get; init; }

    /// <summary>Without any event of its agent; after that it counts as stuck.</summary>
    public double? Idle { get; init; }

    /// <summary>From its creation, or the end of its delay, until its first start.</summary>
    public double? QueueWait { get; init; }
}
