using System.Net;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>
/// The connections of this process, one to each server: opened when one is first used, again after it broke, and closed and
/// forgotten when nobody has used it for a while, as are those to servers that the agents file does not describe any more.
/// </summary>
/// <param name="http">What servers with a URL are reached with.</param>
/// <param name="time">The clock of their limits.</param>
internal sealed class McpConnections(HttpClient http, TimeProvider time) : IAsyncDisposable
{
    private readonly Dictionary<string, McpConnection> known = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private bool isDisposed;

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (gate)
            {
                return known.Count;
            }
        }
    }

    /// <summary>The tools that a server offers.</summary>
    /// <exception cref="ToolException">It cannot be reached.</exception>
    public Task<IReadOnlyList<McpClientTool>> ListAsync(McpServer server, CancellationToken cancellationToken) =>
        UseAsync(server, session => Task.FromResult(session.Tools), cancellationToken);

    /// <summary>Calls a tool.</summary>
    /// <exception cref="ToolException">The server cannot be reached.</exception>
    public async Task<CallToolResult> CallAsync(
        McpServer server, string tool, IReadOnlyDictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        try
        {
            return await CallOnceAsync();
        }
        catch (HttpRequestException exception) when (exception.StatusCode == HttpStatusCode.NotFound)
        {
            // The server has forgotten the session, as after a restart, and so has not made the call.
            return await CallOnceAsync();
        }

        Task<CallToolResult> CallOnceAsync() => UseAsync(
            server, session => session.Client.CallToolAsync(tool, arguments, cancellationToken: cancellationToken).AsTask(), cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        List<McpConnection> all;
        lock (gate)
        {
            isDisposed = true;
            all = [.. known.Values];
            known.Clear();
        }

        await Task.WhenAll(all.Select(connection => connection.DisposeAsync().AsTask()));
    }

    private async Task<T> UseAsync<T>(McpServer server, Func<McpSession, Task<T>> use, CancellationToken cancellationToken)
    {
        var connection = Enter(server, out var broken);
        try
        {
            if (broken is not null)
            {
                await broken.DisposeAsync();
            }

            return await use(await connection.Opened.WaitAsync(cancellationToken));
        }
        catch (McpProtocolException)
        {
            // An answer of the server, which is well.
            throw;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            await connection.DisposeAsync();
            throw;
        }
        finally
        {
            await connection.LeaveAsync();
        }
    }

    private McpConnection Enter(McpServer server, out McpConnection? broken)
    {
        lock (gate)
        {
            if (isDisposed)
            {
                throw new ToolException($"The MCP server {server.Name} is not asked any more: this server shuts down");
            }

            broken = known.GetValueOrDefault(server.Key);
            if (broken is { } open && open.TryEnter())
            {
                broken = null;
                return open;
            }

            McpConnection connection = new(server, http, time, Forget);
            connection.TryEnter();
            return known[connection.Key] = connection;
        }
    }

    private void Forget(McpConnection connection)
    {
        lock (gate)
        {
            if (known.GetValueOrDefault(connection.Key) == connection)
            {
                known.Remove(connection.Key);
            }
        }
    }
}
