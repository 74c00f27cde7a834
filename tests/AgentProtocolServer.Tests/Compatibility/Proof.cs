namespace AgentProtocolServer.Tests.Compatibility;

/// <summary>One attribute on one test.</summary>
/// <param name="Route">The route that it proves.</param>
/// <param name="Clients">For whom.</param>
/// <param name="Test">Class and method.</param>
/// <param name="IsTest">Whether the method is run at all.</param>
internal sealed record Proof(string Route, IReadOnlyList<Client> Clients, string Test, bool IsTest);
