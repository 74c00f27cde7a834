namespace AgentProtocolServer.Hosting;

/// <summary>The server cannot start as it is configured; the message is one line that says how to mend it.</summary>
internal sealed class StartException(string message) : Exception(message);
