namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// Notices silence. Clients learn from regular heartbeats that a connection is alive, and proxies do not close it
/// (wire-contract 6.1, 4.5).
/// </summary>
internal sealed class Heartbeat(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private long lastWrite = time.GetTimestamp();

    // One timer per five seconds, not one per event: it outlives the waits that it did not interrupt.
    private Task? tick;

    /// <summary>Something was sent, so the silence starts anew.</summary>
    public void Wrote() => lastWrite = time.GetTimestamp();

    /// <summary>
    /// Waits until the work is done, or cancelled, which is also done (true), or until it is time for a heartbeat (false).
    /// </summary>
    public async ValueTask<bool> WaitAsync(Task work, CancellationToken cancellationToken)
    {
        while (true)
        {
            tick ??= Task.Delay(Interval - Silence, time, cancellationToken);
            if (await Task.WhenAny(work, tick) == work || cancellationToken.IsCancellationRequested)
            {
                return true;
            }

            tick = null;
            if (Silence >= Interval)
            {
                return false;
            }
        }
    }

    private TimeSpan Silence => time.GetElapsedTime(lastWrite);
}
