namespace AgentProtocol.Agents.Llm;

/// <summary>The server of a model says that the conversation is longer than the model can read.</summary>
/// <param name="message">The reason, shown to the caller.</param>
/// <param name="innerException">What led to it; logged, never shown.</param>
public sealed class ContextOverflowException(string message, Exception? innerException = null)
    : AgentException(message, retryable: false, innerException);
