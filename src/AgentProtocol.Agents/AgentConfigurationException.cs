namespace AgentProtocol.Agents;

/// <summary>The agents are configured in a way that cannot work; the message is one line that says how to mend it.</summary>
public sealed class AgentConfigurationException(string message) : Exception(message);
