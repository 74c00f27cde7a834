using System.Buffers;
using System.Net.WebSockets;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Reads whole messages, text and binary alike (wire-contract 6.7).</summary>
internal sealed class SocketReader(WebSocket socket, long limit)
{
    private const int Piece = 4096;

    private ArrayBufferWriter<byte> message = new(Piece);

    /// <summary>The next message, valid until the next call; null when the client has closed.</summary>
    /// <exception cref="InvalidDataException">The message is larger than the limit.</exception>
    /// <exception cref="WebSocketException">The connection is gone.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        Clear();
        while (true)
        {
            var received = await socket.ReceiveAsync(message.GetMemory(Piece), cancellationToken);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Advance(received.Count);
            if (message.WrittenCount > limit)
            {
                throw new InvalidDataException($"A message is larger than {limit} bytes");
            }

            if (received.EndOfMessage)
            {
                return message.WrittenMemory;
            }
        }
    }

    /// <summary>A large message does not stay in memory for as long as the connection lasts.</summary>
    private void Clear()
    {
        if (message.Capacity > 16 * Piece)
        {
            message = new ArrayBufferWriter<byte>(Piece);
        }
        else
        {
            message.ResetWrittenCount();
        }
    }
}
