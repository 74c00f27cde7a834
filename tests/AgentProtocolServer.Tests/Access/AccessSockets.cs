using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>WebSockets of callers with a key or without.</summary>
internal static class AccessSockets
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <exception cref="WebSocketException">The server refuses; the message has the status.</exception>
    public static async Task<ClientWebSocket> ConnectAsync(HttpClient client, string path)
    {
        var socket = new ClientWebSocket();
        if (client.DefaultRequestHeaders.TryGetValues("x-api-key", out var keys))
        {
            socket.Options.SetRequestHeader("x-api-key", Assert.Single(keys));
        }

        var address = new UriBuilder(new Uri(client.BaseAddress!, path)) { Scheme = "ws" };
        await socket.ConnectAsync(address.Uri, Token);
        return socket;
    }

    /// <summary>Sends a command and reads the next message.</summary>
    public static async Task<JsonElement> AnswerAsync(this ClientWebSocket socket, string command)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(command), WebSocketMessageType.Text, endOfMessage: true, Token);
        var buffer = new byte[64 * 1024];
        var received = await socket.ReceiveAsync(buffer, Token);
        Assert.True(received.EndOfMessage);
        return JsonDocument.Parse(buffer.AsMemory(0, received.Count)).RootElement;
    }
}
