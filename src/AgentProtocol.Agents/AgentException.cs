namespace AgentProtocol.Agents;

/// <summary>A run failed, for a reason its caller is told in <c>run.error</c>.</summary>
/// <param name="message">The reason, shown to the caller.</param>
/// <param name="retryable">Whether another attempt may succeed, as after a lost connection.</param>
/// <param name="innerException">What led to it; logged, never shown.</param>
public class AgentException(string message, bool retryable = false, Exception? innerException = null)
    : Exception(message, innerException)
{
    /// <summary>Whether the server should try again from the last checkpoint, within the configured number of attempts.</summary>
    public bool Retryable { get; } = retryable;
}
