using System.Net;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The tag "Agents" of the Agent Protocol's document.</summary>
public sealed class AgentConformanceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ProtocolClient protocol = new(fixture.Client);

    [Fact]
    [Proves("POST /agents/search", Client.AgentProtocol)]
    public async Task Agents_are_searched()
    {
        const string Operation = "POST /agents/search";
        Assert.NotEqual(0, (await protocol.OkAsync(Operation)).GetArrayLength());
        Assert.Equal(1, (await protocol.OkAsync(Operation, body: new { name = "echo", metadata = new { }, limit = 1, offset = 0 })).GetArrayLength());
        Assert.Equal(0, (await protocol.OkAsync(Operation, body: new { name = Guid.NewGuid() })).GetArrayLength());
        await protocol.RefusesBodiesAsync(Operation, null, new { limit = 0 }, new { metadata = 7 }, new { name = new { } });
    }

    [Fact]
    [Proves("GET /agents/{agent_id}", Client.AgentProtocol)]
    public async Task An_agent_is_read()
    {
        Assert.Equal("echo", (await protocol.OkAsync("GET /agents/{agent_id}", "echo")).Text("agent_id"));
        await protocol.CallAsync(HttpStatusCode.NotFound, "GET /agents/{agent_id}", "nobody");
    }

    [Fact]
    [Proves("GET /agents/{agent_id}/schemas", Client.AgentProtocol)]
    public async Task The_schemas_of_an_agent_are_read()
    {
        Assert.Equal("echo", (await protocol.OkAsync("GET /agents/{agent_id}/schemas", "echo")).Text("agent_id"));
        await protocol.CallAsync(HttpStatusCode.NotFound, "GET /agents/{agent_id}/schemas", "nobody");
    }
}
