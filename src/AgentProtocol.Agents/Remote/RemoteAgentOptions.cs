namespace AgentProtocol.Agents.Remote;

/// <summary>An agent of another server that speaks the Agent Protocol as LangGraph's SDKs do.</summary>
public sealed record RemoteAgentOptions
{
    /// <summary>Where the server is.</summary>
    public required Uri Url { get; init; }

    /// <summary>The agent's id there: a graph id, or the UUID of an assistant.</summary>
    public required string Assistant { get; init; }

    /// <summary>The key that is sent as <c>x-api-key</c>; null when the server wants none. It never reaches a log or the callers of a run.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Headers of each request. Their values never reach a log or the callers of a run.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    /// <summary>How long the server may say nothing before its stream is taken up anew; 2 minutes when not given.</summary>
    public TimeSpan? Silence { get; init; }

    /// <summary>Not the members: a key must not reach a log by way of a record.</summary>
    public override string ToString() => $"{Assistant} at {Url.Authority}";
}
