namespace AgentProtocol.Agents.Llm.Models;

/// <summary>A model's server could not answer now; the same question may be answered in a moment.</summary>
/// <param name="message">The reason, shown to the caller.</param>
/// <param name="retryAfter">When the server wants to be asked again, if it said so.</param>
/// <param name="innerException">What led to it; logged, never shown.</param>
internal sealed class ModelUnavailableException(string message, TimeSpan? retryAfter, Exception? innerException)
    : AgentException(message, retryable: true, innerException)
{
    /// <summary>When the server wants to be asked again, if it said so.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;
}
