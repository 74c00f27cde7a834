using AgentProtocol.Agents.Echo;

namespace AgentProtocol.Agents.Tests;

public class AssistantIdsTests
{
    // Wire-contract 8.2.
    [Theory]
    [InlineData("agent", "fe096781-5601-53d2-b2f6-0d3403f7e9ca")]
    [InlineData("researcher", "c926ac5a-b04e-5949-878a-8e4830d4338b")]
    [InlineData("agent_simple", "41237ec1-a1e5-5297-9ec9-e27936781bda")]
    public void Graph_id_gives_the_assistant_id_that_LangGraph_servers_give(string graphId, string assistantId) =>
        Assert.Equal(Guid.Parse(assistantId), AssistantIds.For(graphId));

    [Fact]
    public void Definition_carries_the_assistant_id_of_its_id() =>
        Assert.Equal(AssistantIds.For("echo"), EchoAgent.Definition().AssistantId);
}
