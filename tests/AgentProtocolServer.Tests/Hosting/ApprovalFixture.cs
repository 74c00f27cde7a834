using AgentProtocol.Agents;
using AgentProtocol.Testing.Agents;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>A server with the agent <c>approval</c>, which asks before it acts.</summary>
public class ApprovalFixture : ServerFixture
{
    protected override IReadOnlyList<AgentDefinition> Agents => [ApprovalAgent.Definition];
}
