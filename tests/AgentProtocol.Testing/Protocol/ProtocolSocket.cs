using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace AgentProtocol.Testing.Protocol;

/// <summary>A WebSocket of the streaming protocol, read strictly: what our server never sends is an error.</summary>
public sealed class ProtocolSocket : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ClientWebSocket socket = new();
    private readonly byte[] buffer = new byte[64 * 1024];
    private long lastId;

    private ProtocolSocket()
    {
    }

    /// <summary>How the server has closed it, once a read has failed for that reason.</summary>
    public WebSocketCloseStatus? CloseStatus => socket.CloseStatus;

    /// <summary>Connects to a path of a server, with headers on the request that becomes the connection.</summary>
    public static async Task<ProtocolSocket> ConnectAsync(
        Uri server, string path, CancellationToken cancellationToken, IEnumerable<KeyValuePair<string, IEnumerable<string>>>? headers = null)
    {
        var opened = new ProtocolSocket();
        foreach (var (name, values) in headers ?? [])
        {
            opened.socket.Options.SetRequestHeader(name, string.Join(", ", values));
        }

        try
        {
            var address = new UriBuilder(new Uri(server, path)) { Scheme = "ws" };
            await opened.socket.ConnectAsync(address.Uri, cancellationToken);
            return opened;
        }
        catch
        {
            await opened.DisposeAsync();
            throw;
        }
    }

    /// <summary>Sends text as it is.</summary>
    public Task SendTextAsync(string text, CancellationToken cancellationToken, WebSocketMessageType type = WebSocketMessageType.Text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), type, endOfMessage: true, cancellationToken);

    /// <summary>Sends a command and gives its number.</summary>
    public async Task<long> SendAsync(string method, object? parameters, CancellationToken cancellationToken)
    {
        var id = ++lastId;
        await SendTextAsync(JsonSerializer.Serialize(new { id, method, @params = parameters }), cancellationToken);
        return id;
    }

    /// <summary>The next message.</summary>
    /// <exception cref="EndOfStreamException">The server has closed the connection.</exception>
    /// <exception cref="WebSocketException">The connection was aborted.</exception>
    /// <exception cref="TimeoutException">Nothing came.</exception>
    public async Task<JsonElement> ReadAsync(CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, cancellationToken).WaitAsync(Limit, cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                // The server waits for the answer, as real clients give it.
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
                throw new EndOfStreamException($"The server has closed the connection: {socket.CloseStatus} {socket.CloseStatusDescription}");
            }

            if (received.MessageType != WebSocketMessageType.Text)
            {
                throw new InvalidDataException("The server sent a binary message.");
            }

            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return JsonDocument.Parse(message.ToArray()).RootElement;
            }
        }
    }

    /// <summary>Closes politely and waits for the server to do the same.</summary>
    public Task CloseAsync(CancellationToken cancellationToken) => socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);

    /// <inheritdoc />
    public ValueTask DisposeAsync()
    {
        socket.Abort();
        socket.Dispose();
        return ValueTask.CompletedTask;
    }
}
