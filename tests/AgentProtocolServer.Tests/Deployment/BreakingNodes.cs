using System.Net;
using System.Net.Sockets;
using System.Text;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>Two nodes that take a request and die before they answer.</summary>
internal sealed class BreakingNodes : IAsyncDisposable
{
    private readonly TcpListener[] listeners = [new(IPAddress.Loopback, 0), new(IPAddress.Loopback, 0)];
    private readonly Task serving;
    private int requests;

    public BreakingNodes()
    {
        foreach (var listener in listeners)
        {
            listener.Start();
        }

        serving = Task.WhenAll(listeners.Select(ServeAsync));
    }

    public string[] Addresses => [.. listeners.Select(listener => listener.LocalEndpoint.ToString()!)];

    /// <summary>How many requests they have seen together.</summary>
    public int Requests => Volatile.Read(ref requests);

    public async ValueTask DisposeAsync()
    {
        foreach (var listener in listeners)
        {
            listener.Dispose();
        }

        await serving;
    }

    private async Task ServeAsync(TcpListener listener)
    {
        try
        {
            while (true)
            {
                using var socket = await listener.AcceptSocketAsync();
                await ReadHeadersAsync(socket);
                Interlocked.Increment(ref requests);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private static async Task ReadHeadersAsync(Socket socket)
    {
        var buffer = new byte[4096];
        var text = "";
        while (!text.Contains("\r\n\r\n", StringComparison.Ordinal) && await socket.ReceiveAsync(buffer) is > 0 and var count)
        {
            text += Encoding.ASCII.GetString(buffer, 0, count);
        }
    }
}
