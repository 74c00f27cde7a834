namespace AgentProtocol.Agents.Http;

/// <summary>Where an agent behind HTTP is, and how it is called.</summary>
public sealed record HttpAgentOptions
{
    /// <summary>What runs are posted to.</summary>
    public required Uri Url { get; init; }

    /// <summary>Headers of each request, as for authentication. Their values never reach a log or the callers of a run.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>What is told when a run is cancelled, with the same headers; null when the end of the connection is enough.</summary>
    public Uri? CancelUrl { get; init; }

    /// <summary>How long the service may say nothing; 15 minutes when not given.</summary>
    public TimeSpan? Silence { get; init; }
}
