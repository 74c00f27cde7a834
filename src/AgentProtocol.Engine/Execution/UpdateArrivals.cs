namespace AgentProtocol.Engine.Execution;

/// <summary>How many updates a run has got and how many of them it has taken, as far as its executor knows.</summary>
internal sealed class UpdateArrivals
{
    private readonly Lock gate = new();
    private int arrived;
    private int taken;
    private TaskCompletionSource arrival = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether something is there to take.</summary>
    public bool HasUntaken
    {
        get
        {
            lock (gate)
            {
                return arrived > taken;
            }
        }
    }

    /// <summary>The number of the latest one.</summary>
    public int Latest
    {
        get
        {
            lock (gate)
            {
                return arrived;
            }
        }
    }

    /// <summary>The number of the last one that was taken.</summary>
    public int Taken
    {
        get
        {
            lock (gate)
            {
                return taken;
            }
        }
    }

    /// <summary>There are updates up to this number.</summary>
    public void Announce(int latest)
    {
        lock (gate)
        {
            arrived = Math.Max(arrived, latest);
            Signal();
        }
    }

    /// <summary>The updates up to this number are taken.</summary>
    public void Take(int through)
    {
        lock (gate)
        {
            taken = Math.Max(taken, through);
            arrived = Math.Max(arrived, taken);
            Signal();
        }
    }

    /// <summary>Waits until something is there to take.</summary>
    public Task WaitAsync(CancellationToken cancellationToken)
    {
        lock (gate)
        {
            return arrival.Task.WaitAsync(cancellationToken);
        }
    }

    private void Signal()
    {
        if (arrived > taken)
        {
            arrival.TrySetResult();
        }
        else if (arrival.Task.IsCompleted)
        {
            arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
