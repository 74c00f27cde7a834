namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>A tool could not do what it was asked; the model is told why and goes on.</summary>
/// <param name="message">The reason, for the model.</param>
/// <param name="innerException">What led to it; logged, never shown.</param>
internal sealed class ToolException(string message, Exception? innerException = null) : Exception(message, innerException);
