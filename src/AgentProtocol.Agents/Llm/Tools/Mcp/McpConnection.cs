using ModelContextProtocol.Client;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>A connection to a server, which is opened once, by whoever needs it first, and for all who need it meanwhile.</summary>
internal sealed class McpConnection : IAsyncDisposable
{
    /// <summary>Long enough for a program that is fetched before it is started.</summary>
    private static readonly TimeSpan LongestOpening = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan LongestIdle = TimeSpan.FromMinutes(5);

    private readonly McpServer server;
    private readonly Action<McpConnection> forget;
    private readonly CancellationTokenSource closing = new();
    private readonly ITimer idle;
    private readonly Lock gate = new();
    private int users;
    private bool isRetired;

    /// <param name="server">The server.</param>
    /// <param name="http">What servers with a URL are reached with.</param>
    /// <param name="time">The clock of its limits.</param>
    /// <param name="forget">Called when it is not to be used any more: it broke, or nobody has used it for a while.</param>
    public McpConnection(McpServer server, HttpClient http, TimeProvider time, Action<McpConnection> forget)
    {
        (this.server, this.forget, Key) = (server, forget, server.Key);
        idle = time.CreateTimer(_ => _ = RetireAsync(evenIfUsed: false), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        Opened = OpenAsync(http, time);
    }

    /// <summary>What it is found by.</summary>
    public string Key { get; }

    /// <summary>Ends when it is open, and fails for all who wait when that takes too long: nobody queues for a try of their own.</summary>
    /// <exception cref="ToolException">The server cannot be reached.</exception>
    public Task<McpSession> Opened { get; }

    /// <summary>Begins a use of it. False when it is not to be used any more, as far as one can know without using it.</summary>
    public bool TryEnter()
    {
        lock (gate)
        {
            if (isRetired || (Opened.IsCompleted && !(Opened.IsCompletedSuccessfully && !Opened.Result.Client.Completion.IsCompleted)))
            {
                return false;
            }

            users++;
            return true;
        }
    }

    /// <summary>Ends a use of it, and closes it after the last one when it was retired.</summary>
    public async Task LeaveAsync()
    {
        lock (gate)
        {
            if (--users > 0)
            {
                return;
            }

            if (!isRetired)
            {
                _ = idle.Change(LongestIdle, Timeout.InfiniteTimeSpan);
                return;
            }
        }

        await CloseAsync();
    }

    /// <summary>Lets nobody in any more. Uses that have begun may end; with the last of them it is closed.</summary>
    public ValueTask DisposeAsync() => new(RetireAsync(evenIfUsed: true));

    private async Task RetireAsync(bool evenIfUsed)
    {
        bool isUnused;
        lock (gate)
        {
            isUnused = users == 0;
            if (isRetired || !(isUnused || evenIfUsed))
            {
                return;
            }

            isRetired = true;
        }

        forget(this);

        // Whoever waits for it to open waits in vain.
        await closing.CancelAsync();
        if (isUnused)
        {
            await CloseAsync();
        }
    }

    private async Task<McpSession> OpenAsync(HttpClient http, TimeProvider time)
    {
        // Whoever makes the connection holds up others meanwhile.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        using CancellationTokenSource limit = new(LongestOpening, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, closing.Token);
        try
        {
            var client = await McpClient.CreateAsync(server.CreateTransport(http), cancellationToken: either.Token);
            try
            {
                return new McpSession(client, [.. await client.ListToolsAsync(cancellationToken: either.Token)]);
            }
            catch
            {
                await client.DisposeAsync();
                throw;
            }
        }
        catch (Exception exception)
        {
            // The edge to somebody else's program, which may fail to start in any way.
            throw new ToolException($"The MCP server {server.Name} {Problem(exception)}", exception);
        }

        string Problem(Exception exception) => closing.IsCancellationRequested ? "is not waited for any more"
            : limit.IsCancellationRequested ? $"was not ready within {LongestOpening.TotalSeconds:0} seconds"
            : $"cannot be reached: {exception.GetBaseException().Message}";
    }

    private async Task CloseAsync()
    {
        await idle.DisposeAsync();
        await ((Task)Opened).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Opened.IsCompletedSuccessfully)
        {
            await (await Opened).Client.DisposeAsync();
        }
    }
}
