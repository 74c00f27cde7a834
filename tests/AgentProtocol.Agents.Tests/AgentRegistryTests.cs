using AgentProtocol.Agents.Echo;

namespace AgentProtocol.Agents.Tests;

public class AgentRegistryTests
{
    [Fact]
    public void Agent_is_found_by_graph_id_and_by_assistant_id()
    {
        var agent = Called("researcher");
        AgentRegistry registry = new([Called("writer"), agent]);

        Assert.Same(agent, registry.Find("researcher"));
        Assert.Same(agent, registry.Find("c926ac5a-b04e-5949-878a-8e4830d4338b"));
        Assert.Same(agent, registry.Find("C926AC5A-B04E-5949-878A-8E4830D4338B"));
        Assert.Null(registry.Find("Researcher"));
        Assert.Null(registry.Find("fe096781-5601-53d2-b2f6-0d3403f7e9ca"));
    }

    [Theory]
    [InlineData("writer,echo", null, "echo")]
    [InlineData("writer", null, "writer")]
    [InlineData("writer,researcher", null, null)]
    [InlineData("", null, null)]
    [InlineData("writer,echo", "writer", "writer")]
    public void Default_is_the_chosen_one_else_echo_else_the_only_one(string ids, string? chosen, string? expected) =>
        Assert.Equal(expected, new AgentRegistry(Agents(ids), chosen).Default?.Id);

    [Fact]
    public void Default_that_is_not_registered_is_refused_by_name()
    {
        var refusal = Assert.Throws<AgentConfigurationException>(() => new AgentRegistry(Agents("echo"), "ghost"));

        Assert.Equal("Agents:Default names \"ghost\", but no agent has that id.", refusal.Message);
    }

    [Fact]
    public void Two_agents_cannot_share_an_id()
    {
        var refusal = Assert.Throws<AgentConfigurationException>(() => new AgentRegistry(Agents("writer,writer")));

        Assert.Contains("\"writer\"", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Agents_are_listed_in_the_order_of_registration() =>
        Assert.Equal(["b", "a", "c"], new AgentRegistry(Agents("b,a,c")).All.Select(agent => agent.Id));

    private static AgentDefinition Called(string id) => new() { Id = id, Agent = new EchoAgent() };

    private static IEnumerable<AgentDefinition> Agents(string ids) =>
        ids.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(Called);
}
