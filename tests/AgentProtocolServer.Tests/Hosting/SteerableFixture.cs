using AgentProtocol.Agents;
using AgentProtocol.Testing.Agents;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>A server with the agent <c>steerable</c>, which takes messages while it works.</summary>
public sealed class SteerableFixture : ServerFixture
{
    protected override IReadOnlyList<AgentDefinition> Agents => [SteerableAgent.Define()];
}
