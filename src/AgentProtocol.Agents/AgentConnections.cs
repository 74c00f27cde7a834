using System.Collections.Concurrent;
using AgentProtocol.Agents.Llm.Tools.Mcp;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents;

/// <summary>Connections that the agents of a server share, to be closed with it: MCP servers, and HTTP for tools.</summary>
/// <param name="time">The clock by which idle connections are closed.</param>
public sealed class AgentConnections(TimeProvider time) : IAsyncDisposable, IDisposable
{
    private readonly ConcurrentDictionary<string, McpConnection> servers = new(StringComparer.Ordinal);

    /// <summary>HTTP for tools.</summary>
    internal HttpClient Http { get; } = OutgoingHttp.Client();

    /// <summary>The connection to a server, opened or not.</summary>
    internal McpConnection To(McpServer server) => servers.GetOrAdd(server.Key, _ => new McpConnection(server, Http, time));

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(servers.Values.Select(server => server.DisposeAsync().AsTask()));
        Http.Dispose();
    }

    /// <inheritdoc />
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();
}
