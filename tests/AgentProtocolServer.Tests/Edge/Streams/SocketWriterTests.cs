using System.Net.WebSockets;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Streaming;
using Xunit;

namespace AgentProtocolServer.Tests.Edge.Streams;

/// <summary>How messages go out.</summary>
public sealed class SocketWriterTests
{
    [Fact]
    public async Task A_large_message_goes_out_in_fragments_each_with_its_own_patience()
    {
        using var output = new MemoryStream();
        using var socket = WebSocket.CreateFromStream(output, new WebSocketCreationOptions { IsServer = true });
        using var writer = new SocketWriter(socket, TimeProvider.System);
        var large = new StreamingSuccessResponse { Id = 1, Result = new RawJson($$"""{"a":"{{new string('x', 150_000)}}"}""") };
        await writer.SendAsync(large, ProtocolJsonContext.Default.StreamingSuccessResponse, TestContext.Current.CancellationToken);

        // A frame of more than 65535 bytes has a head of 10 bytes, a smaller one of 4.
        var bytes = output.ToArray();
        Assert.Equal((0x01, 0x00, 0x80), (bytes[0], bytes[65_536 + 10], bytes[2 * (65_536 + 10)]));
    }
}
