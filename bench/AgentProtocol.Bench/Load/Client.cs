using System.Net.Sockets;
using AgentProtocol.Bench.Http;
using AgentProtocol.Bench.Protocol;
using AgentProtocol.Bench.Reports;

namespace AgentProtocol.Bench.Load;

/// <summary>One connection with one thread behind it, and what it has measured. Nothing here is shared with other clients.</summary>
internal sealed class Client : IDisposable
{
    // A server that fails this often in a row will not recover within the scenario.
    private const int FailuresToGiveUp = 10;

    private readonly HttpConnection connection;
    private int failuresInARow;

    public Client(int index, Target target)
    {
        Index = index;
        connection = new HttpConnection(target);
        Api = new AgentApi(connection, target.RequestTimeout);
    }

    public int Index { get; }
    public AgentApi Api { get; }
    public Latencies Latency { get; } = new();
    public Latencies FirstEvent { get; } = new();
    public long Requests => connection.Requests;
    public int Errors { get; private set; }
    public string? FirstError { get; private set; }

    /// <summary>Opens the connection; a refusal is not counted here, as it shows again in the first request.</summary>
    public void Connect()
    {
        try
        {
            connection.Open();
        }
        catch (SocketException)
        {
            connection.Reset();
        }
    }

    /// <summary>Repeats a step until it says that it is done, the time is over, or the server is beyond hope.</summary>
    public void Repeat(Func<Client, bool> step, Deadline deadline)
    {
        while (Attempt(step))
        {
            if (deadline.HasPassed)
            {
                CountError("the scenario did not end in time");
                return;
            }
        }
    }

    public void CountError(string message)
    {
        Errors++;
        FirstError ??= message;
    }

    public void Dispose() => connection.Dispose();

    private bool Attempt(Func<Client, bool> step)
    {
        try
        {
            var more = step(this);
            failuresInARow = 0;
            return more;
        }
        catch (Exception exception)
        {
            // Whatever went wrong, this is one failed step and the connection is in an unknown state.
            connection.Reset();
            CountError(exception.Message);
            return !IsTimeout(exception) && ++failuresInARow < FailuresToGiveUp;
        }
    }

    private static bool IsTimeout(Exception exception) =>
        exception is TimeoutException or SocketException { SocketErrorCode: SocketError.TimedOut };
}
