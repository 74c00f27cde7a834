using System.Diagnostics;
using System.Net.Sockets;

namespace AgentProtocol.Bench.Http;

/// <summary>
/// A blocking socket with a receive buffer. Blocking on purpose: with one thread for each of a few dozen connections, a request is two
/// system calls and one wake-up, which costs less CPU than any asynchronous client.
/// </summary>
internal sealed class Transport(Target target) : IDisposable
{
    private byte[] buffer = new byte[16 * 1024];
    private int start;
    private int end;
    private Socket? socket;
    private long deadline;

    public ReadOnlySpan<byte> Unread => buffer.AsSpan(start, end - start);

    public void Open()
    {
        if (socket is not null)
        {
            return;
        }

        // On Linux the send timeout bounds the connect as well.
        var timeout = (int)target.RequestTimeout.TotalMilliseconds;
        socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendTimeout = timeout, ReceiveTimeout = timeout };
        socket.Connect(target.Host, target.Port);
    }

    public void Send(ReadOnlySpan<byte> request)
    {
        Open();
        deadline = Stopwatch.GetTimestamp() + (long)(target.RequestTimeout.TotalSeconds * Stopwatch.Frequency);
        while (!request.IsEmpty)
        {
            request = request[socket!.Send(request)..];
        }
    }

    /// <summary>Waits for more bytes; false when the server closed the connection.</summary>
    public bool Fill()
    {
        // The socket bounds one receive; this bounds an answer that keeps trickling, such as heartbeats without end.
        if (Stopwatch.GetTimestamp() > deadline)
        {
            throw new TimeoutException("no complete answer in time");
        }

        MakeRoom();
        var count = socket!.Receive(buffer.AsSpan(end));
        end += count;
        return count > 0;
    }

    public void Skip(int count) => start += count;

    public void Close()
    {
        socket?.Dispose();
        socket = null;
        start = end = 0;
    }

    public void Dispose() => Close();

    private void MakeRoom()
    {
        if (start == end)
        {
            start = end = 0;
        }
        else if (end == buffer.Length && start > 0)
        {
            Unread.CopyTo(buffer);
            end -= start;
            start = 0;
        }
        else if (end == buffer.Length)
        {
            Array.Resize(ref buffer, buffer.Length * 2);
        }
    }
}
