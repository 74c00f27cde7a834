using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>Follows a run over a WebSocket of the streaming protocol, and comes back with <c>since</c> when the connection breaks.</summary>
internal sealed class SocketFollower(Uri server, string threadId)
{
    private readonly ConcurrentQueue<JsonElement> seen = new();
    private int connections;

    public IReadOnlyList<JsonElement> Seen => [.. seen];

    /// <summary>How often it had to come back.</summary>
    public int Returns => Volatile.Read(ref connections) - 1;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public Task FollowAsync() => Until.TrueAsync(ReadAsync, Token, TimeSpan.FromMinutes(5));

    /// <summary>Whether the run's end was seen.</summary>
    private async Task<bool> ReadAsync()
    {
        try
        {
            await using var socket = await ProtocolSocket.ConnectAsync(server, $"/threads/{threadId}/stream/events", Token);
            Interlocked.Increment(ref connections);
            string[] channels = ["lifecycle", "custom"];
            object subscription = seen.LastOrDefault() is { ValueKind: JsonValueKind.Object } last
                ? new { channels, since = last.GetProperty("seq").GetInt64() }
                : new { channels };
            await socket.SendAsync("subscription.subscribe", subscription, Token);
            while (true)
            {
                var message = await socket.ReadAsync(Token);
                if (message.Text("type") != "event")
                {
                    Assert.Equal("success", message.Text("type"));
                    continue;
                }

                seen.Enqueue(message);
                if (message.Text("method") == "lifecycle" && message.GetProperty("params").GetProperty("data").Text("event") == "interrupted")
                {
                    return true;
                }
            }
        }
        catch (Exception broken) when (broken is WebSocketException or EndOfStreamException or IOException)
        {
            return false;
        }
    }
}
