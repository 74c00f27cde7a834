using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>Faults that hit the database, and with it nodes that start.</summary>
internal sealed class Disturbance
{
    private readonly Lock gate = new();
    private int open;
    private long over = long.MinValue;

    public async Task DuringAsync(Func<Task> fault)
    {
        lock (gate)
        {
            open++;
        }

        try
        {
            await fault();
        }
        finally
        {
            lock (gate)
            {
                open--;
                over = Ledger.Now;
            }
        }
    }

    /// <summary>Whether one has been under way at any time since, by <see cref="Ledger.Now"/>.</summary>
    public bool HasBeenSince(long moment)
    {
        lock (gate)
        {
            return open > 0 || over >= moment;
        }
    }
}
