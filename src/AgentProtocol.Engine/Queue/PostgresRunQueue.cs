using AgentProtocol.Engine.Events;

namespace AgentProtocol.Engine.Queue;

/// <summary>The queue that is nothing but the table: a signal wakes the claim loop here, and those of other nodes.</summary>
internal sealed class PostgresRunQueue(Hints hints) : IRunQueue, IDisposable
{
    private readonly SemaphoreSlim ready = new(0, 1);

    public void Signal(IReadOnlyList<Guid> runIds)
    {
        Wake();
        foreach (var runId in runIds)
        {
            hints.Send(HintKind.Ready, runId);
        }
    }

    /// <summary>Wakes the claim loop of this node.</summary>
    public void Wake()
    {
        // One pending wake-up is enough: the loop claims all there is.
        if (ready.CurrentCount == 0)
        {
            try
            {
                ready.Release();
            }
            catch (SemaphoreFullException)
            {
                // Somebody else woke it in the same moment.
            }
        }
    }

    public void WakeAll(Guid ended)
    {
        Wake();
        hints.Send(HintKind.Ready, ended);
    }

    /// <summary>Waits for a signal, but no longer than the polling interval.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => ready.WaitAsync(atMost, cancellationToken);

    public void Dispose() => ready.Dispose();
}
