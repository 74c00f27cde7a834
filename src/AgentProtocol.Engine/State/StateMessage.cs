namespace AgentProtocol.Engine.State;

/// <summary>A message of a thread's state, in the outbound form of wire-contract 7.3.</summary>
/// <param name="Id">Its id; unique in a state.</param>
/// <param name="Json">The whole object as JSON text.</param>
internal sealed record StateMessage(string Id, string Json);
