namespace AgentProtocol.Engine.Execution;

/// <summary>One short timer for all runs of the node: what they say within a tick goes into one statement.</summary>
internal sealed class PageClock(TimeProvider time)
{
    /// <summary>How long an event may wait for company.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(5);

    private readonly Lock gate = new();
    private List<RunWriter> waiting = [];

    /// <summary>Flushes a writer at the next tick. The clock only runs while somebody waits.</summary>
    public void AtNextTick(RunWriter writer)
    {
        lock (gate)
        {
            waiting.Add(writer);
            if (waiting.Count > 1)
            {
                return;
            }
        }

        _ = TickAsync();
    }

    private async Task TickAsync()
    {
        await Task.Delay(Tick, time);
        List<RunWriter> due;
        lock (gate)
        {
            (due, waiting) = (waiting, []);
        }

        foreach (var writer in due)
        {
            // Failures stay with the writer: they reach the executor when it closes it.
            _ = writer.FlushAsync();
        }
    }
}
