using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using AgentProtocol.AspNetCore.Results;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// Sends messages one after the other. Nothing is queued here: who is ahead of the connection waits, and finds in the log
/// what has happened meanwhile. A client that takes nothing for too long loses the connection, but never an event in
/// between (wire-contract 6.8 rule 9).
/// </summary>
internal sealed class SocketWriter(WebSocket socket, TimeProvider time) : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Patience is for a piece of this size, so that a slow reader of a large event gets it all the same.</summary>
    private const int FragmentBytes = 64 * 1024;

    // A WebSocket takes one message at a time. Not given back after a failure: nothing may follow half a message.
    private readonly SemaphoreSlim turn = new(1, 1);

    /// <exception cref="TimeoutException">The client has taken nothing for the time of <see cref="Patience"/>.</exception>
    /// <exception cref="WebSocketException">The connection is gone.</exception>
    public async Task SendAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        var scratch = JsonScratch.Rent();
        JsonSerializer.Serialize(scratch.Writer, message, type);
        scratch.Writer.Flush();
        await turn.WaitAsync(cancellationToken);
        var rest = scratch.Buffer.WrittenMemory;
        while (rest.Length > FragmentBytes)
        {
            await SendAsync(rest[..FragmentBytes], isLast: false, cancellationToken);
            rest = rest[FragmentBytes..];
        }

        await SendAsync(rest, isLast: true, cancellationToken);
        turn.Release();

        // Only now: a send that was given up may still read the buffer.
        scratch.Return();
    }

    /// <summary>Says goodbye and waits until the client has heard it.</summary>
    public async Task CloseAsync(WebSocketCloseStatus status, string? reason, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            await socket.CloseAsync(status, reason, cancellationToken);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    // Not to be cancelled: half a message would be the end of the connection.
    private ValueTask SendAsync(ReadOnlyMemory<byte> fragment, bool isLast, CancellationToken cancellationToken) =>
        WithinPatienceAsync(socket.SendAsync(fragment, WebSocketMessageType.Text, isLast, CancellationToken.None), cancellationToken);

    private async ValueTask WithinPatienceAsync(ValueTask sending, CancellationToken cancellationToken)
    {
        if (sending.IsCompleted)
        {
            await sending;
        }
        else
        {
            await sending.AsTask().WaitAsync(Patience, time, cancellationToken);
        }
    }
}
