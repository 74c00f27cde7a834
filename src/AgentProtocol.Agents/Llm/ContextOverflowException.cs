namespace AgentProtocol.Agents.Llm;

/// <summary>What a model was to read does not fit into its context; the same again will not fit either, less may.</summary>
/// <param name="message">The reason, shown to the caller.</param>
/// <param name="innerException">What led to it; logged, never shown.</param>
public sealed class ContextOverflowException(string message, Exception? innerException = null)
    : AgentException(message, retryable: false, innerException);
