namespace AgentProtocol.Bench.Http;

/// <summary>The server answered in time, but not what the scenario requires.</summary>
internal sealed class UnexpectedAnswerException(string message) : Exception(message);
