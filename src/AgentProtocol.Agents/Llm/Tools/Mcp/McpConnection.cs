using System.Net;
using ModelContextProtocol;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>The one connection of this process to a server: opened when it is first used, again after it broke, and closed when nobody uses it.</summary>
internal sealed class McpConnection : IAsyncDisposable
{
    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(5);

    private readonly McpServer server;
    private readonly HttpClient http;
    private readonly SemaphoreSlim opening = new(1, 1);
    private readonly ITimer idle;
    private volatile McpSession? current;

    public McpConnection(McpServer server, HttpClient http, TimeProvider time)
    {
        (this.server, this.http) = (server, http);
        idle = time.CreateTimer(_ => _ = CloseIdleAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The tools that the server offers.</summary>
    /// <exception cref="ToolException">It cannot be reached.</exception>
    public Task<IReadOnlyList<McpClientTool>> ListAsync(CancellationToken cancellationToken) =>
        UseAsync(session => Task.FromResult(session.Tools), cancellationToken);

    /// <summary>Calls a tool.</summary>
    /// <exception cref="ToolException">The server cannot be reached, or refuses the call.</exception>
    public async Task<CallToolResult> CallAsync(string tool, IReadOnlyDictionary<string, object?> arguments, CancellationToken cancellationToken)
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

        Task<CallToolResult> CallOnceAsync() =>
            UseAsync(session => session.Client.CallToolAsync(tool, arguments, cancellationToken: cancellationToken).AsTask(), cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await idle.DisposeAsync();
        if (Interlocked.Exchange(ref current, null) is { } session)
        {
            await session.RetireAsync();
        }
    }

    private async Task<T> UseAsync<T>(Func<McpSession, Task<T>> use, CancellationToken cancellationToken)
    {
        var session = await EnterAsync(cancellationToken);
        try
        {
            return await use(session);
        }
        catch (McpProtocolException)
        {
            // An answer of the server, which is well.
            throw;
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            Interlocked.CompareExchange(ref current, null, session);
            await session.RetireAsync();
            throw;
        }
        finally
        {
            if (await session.LeaveAsync())
            {
                _ = idle.Change(LongestIdle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task<McpSession> EnterAsync(CancellationToken cancellationToken)
    {
        await opening.WaitAsync(cancellationToken);
        try
        {
            while (true)
            {
                var session = current is { IsAlive: true } open ? open : await ReopenAsync(cancellationToken);
                if (session.TryEnter())
                {
                    _ = idle.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                    return session;
                }

                Interlocked.CompareExchange(ref current, null, session);
            }
        }
        finally
        {
            opening.Release();
        }
    }

    private async Task<McpSession> ReopenAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref current, null) is { } broken)
        {
            await broken.RetireAsync();
        }

        try
        {
            return current = await OpenAsync(cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The edge to somebody else's program, which may fail to start in any way.
            throw new ToolException($"The MCP server {server.Name} cannot be reached: {exception.GetBaseException().Message}", exception);
        }
    }

    private async Task<McpSession> OpenAsync(CancellationToken cancellationToken)
    {
        var client = await McpClient.CreateAsync(server.CreateTransport(http), cancellationToken: cancellationToken);
        try
        {
            return new McpSession(client, [.. await client.ListToolsAsync(cancellationToken: cancellationToken)]);
        }
        catch
        {
            await client.DisposeAsync();
            throw;
        }
    }

    private async Task CloseIdleAsync()
    {
        if (current is { } session && await session.RetireIfUnusedAsync())
        {
            Interlocked.CompareExchange(ref current, null, session);
        }
    }
}
