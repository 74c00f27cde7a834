using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace AgentProtocol.Testing.Postgres;

/// <summary>What is lost when a connection breaks.</summary>
public enum Lost
{
    /// <summary>The statement: the database never sees it.</summary>
    Question,

    /// <summary>The answer: the database has committed, and the client cannot know.</summary>
    Answer,
}

/// <summary>Stands between a client and PostgreSQL, and breaks the connection at one chosen statement.</summary>
public sealed class CuttingProxy : IAsyncDisposable
{
    private readonly NpgsqlConnectionStringBuilder server;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;
    private Cut? armed;

    /// <summary>Starts to listen.</summary>
    public CuttingProxy(string connectionString)
    {
        server = new NpgsqlConnectionStringBuilder(connectionString);
        listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1",
            Port = ((IPEndPoint)listener.LocalEndpoint).Port,
            SslMode = SslMode.Disable,
            // A prepared statement is sent by its name, and could not be recognised.
            MaxAutoPrepare = 0,
        }.ConnectionString;
        accepting = AcceptAsync();
    }

    /// <summary>Leads through this proxy.</summary>
    public string ConnectionString { get; }

    /// <summary>Breaks the connection that is the next to send a statement with this text in it.</summary>
    /// <returns>Completed when it is broken.</returns>
    public Task CutAt(string sql, Lost lost)
    {
        var cut = new Cut(sql, lost);
        armed = cut;
        return cut.Done.Task;
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (accepting.IsCompleted)
        {
            return;
        }

        await stop.CancelAsync();
        listener.Dispose();
        await accepting;
        stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            while (true)
            {
                connections.Add(ServeAsync(await listener.AcceptSocketAsync(stop.Token)));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }

        await Task.WhenAll(connections);
    }

    private async Task ServeAsync(Socket client)
    {
        using var upstream = await ConnectAsync();
        using (client)
        {
            Cut? cut = null;
            var forward = PumpAsync(client, upstream, sent =>
            {
                if (armed is { } next && Encoding.UTF8.GetString(sent.Span).Contains(next.Sql, StringComparison.Ordinal))
                {
                    (armed, cut) = (null, next);
                }

                return cut is not { Lost: Lost.Question };
            });
            var back = PumpAsync(upstream, client, _ => cut is null);
            await Task.WhenAny(forward, back);
            client.Close();
            upstream.Close();
            await Task.WhenAll(forward, back);
            cut?.Done.TrySetResult();
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        EndPoint endpoint = server.Host!.StartsWith('/')
            ? new UnixDomainSocketEndPoint($"{server.Host}/.s.PGSQL.{server.Port}")
            : new DnsEndPoint(server.Host, server.Port);
        var socket = endpoint is UnixDomainSocketEndPoint
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endpoint, stop.Token);
        return socket;
    }

    /// <summary>Copies until one side closes, or the condition says that no more passes.</summary>
    private async Task PumpAsync(Socket from, Socket to, Func<ReadOnlyMemory<byte>, bool> passes)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, stop.Token) is > 0 and var count && passes(buffer.AsMemory(0, count)))
            {
                await to.SendAsync(buffer.AsMemory(0, count), stop.Token);
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The other direction has ended.
        }
    }

    private sealed class Cut(string sql, Lost lost)
    {
        public string Sql { get; } = sql;

        public Lost Lost { get; } = lost;

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
