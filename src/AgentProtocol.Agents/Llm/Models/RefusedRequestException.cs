namespace AgentProtocol.Agents.Llm.Models;

/// <summary>A model's server answered with a status that is no success.</summary>
internal sealed class RefusedRequestException(int status, string body, TimeSpan? retryAfter) : Exception($"Status {status}")
{
    /// <summary>The status.</summary>
    public int Status { get; } = status;

    /// <summary>The body, as far as it is worth reading.</summary>
    public string Body { get; } = body;

    /// <summary>When the server wants to be asked again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
