using AgentProtocol.Agents.Llm.Tools.Mcp;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents;

/// <summary>Connections that the agents of a server share, to be closed with it: MCP servers, and HTTP for tools.</summary>
public sealed class AgentConnections : IAsyncDisposable, IDisposable
{
    /// <param name="time">The clock by which idle connections are closed.</param>
    public AgentConnections(TimeProvider time) => Mcp = new McpConnections(Http, time);

    /// <summary>HTTP for tools.</summary>
    internal HttpClient Http { get; } = OutgoingHttp.Client();

    /// <summary>Connections to MCP servers.</summary>
    internal McpConnections Mcp { get; }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Mcp.DisposeAsync();
        Http.Dispose();
    }

    /// <inheritdoc />
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
