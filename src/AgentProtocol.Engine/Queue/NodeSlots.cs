using System.Threading.Channels;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// What this process can execute right now. Where the API accepts a run and this node has room, the run is born claimed
/// by this node and handed over here, which saves the claim.
/// </summary>
internal sealed class NodeSlots
{
    private readonly Channel<ClaimedRun> handedOver = Channel.CreateUnbounded<ClaimedRun>(new() { SingleReader = true });
    private readonly Lock gate = new();
    private Guid? nodeId;
    private int capacity;
    private int free;
    private bool isClosed;
    private TaskCompletionSource? change;

    /// <summary>Whether runs are born claimed. Not where another queue than the table delivers all of them.</summary>
    public bool TakesBirths { get; init; } = true;

    /// <summary>The id under which this process is registered; null while it is not.</summary>
    public Guid? NodeId
    {
        get
        {
            lock (gate)
            {
                return nodeId;
            }
        }
    }

    /// <summary>Whether claims are accepted: registered, and not shutting down.</summary>
    public bool IsOpen { get; private set; }

    public int Free
    {
        get
        {
            lock (gate)
            {
                return IsOpen ? free : 0;
            }
        }
    }

    /// <summary>Ends when something has changed about what is free.</summary>
    public Task Change
    {
        get
        {
            lock (gate)
            {
                change ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                return change.Task;
            }
        }
    }

    /// <summary>Slots that are taken: by executions, and by claims and births on their way.</summary>
    public int InUse
    {
        get
        {
            lock (gate)
            {
                return nodeId is null ? 0 : capacity - free;
            }
        }
    }

    /// <summary>Runs that were born claimed by this node.</summary>
    public ChannelReader<ClaimedRun> HandedOver => handedOver.Reader;

    /// <summary>Starts to accept claims under a node id.</summary>
    /// <param name="node">The registered id.</param>
    /// <param name="capacity">How many runs may execute at once; 0 on a node that only serves requests.</param>
    public void Open(Guid node, int capacity)
    {
        lock (gate)
        {
            nodeId = node;
            free = this.capacity = capacity;
            IsOpen = !isClosed;
            AnnounceChange();
        }
    }

    /// <summary>Stops accepting claims for good. Runs that execute go on until somebody stops them.</summary>
    public void Close()
    {
        lock (gate)
        {
            isClosed = true;
            IsOpen = false;
            AnnounceChange();
        }
    }

    /// <summary>Forgets the node id, because the node was declared dead or has left.</summary>
    public void Leave()
    {
        lock (gate)
        {
            IsOpen = false;
            nodeId = null;
        }
    }

    /// <summary>Takes a slot for a run that is to be born, if there is one.</summary>
    /// <returns>The node that the slot belongs to, or null.</returns>
    public Guid? TryReserve()
    {
        lock (gate)
        {
            if (!TakesBirths || !IsOpen || free <= 0)
            {
                return null;
            }

            free--;
            return nodeId;
        }
    }

    /// <summary>Takes a slot, and waits for one while all are taken or this process is not registered. Closing ends the wait.</summary>
    /// <returns>The node that the slot belongs to; null when this process takes no more runs.</returns>
    public async Task<Guid?> ReserveAsync()
    {
        while (true)
        {
            Task changed;
            lock (gate)
            {
                if (isClosed)
                {
                    return null;
                }

                if (IsOpen && free > 0)
                {
                    free--;
                    return nodeId;
                }

                changed = Change;
            }

            await changed;
        }
    }

    /// <summary>Takes up to a number of slots at once.</summary>
    public (Guid Node, int Count) Reserve(int atMost)
    {
        lock (gate)
        {
            if (!IsOpen || nodeId is not { } node)
            {
                return (Guid.Empty, 0);
            }

            var count = Math.Max(Math.Min(atMost, free), 0);
            free -= count;
            return (node, count);
        }
    }

    /// <summary>Gives a slot back; one of an earlier node id is forgotten with that id.</summary>
    public void Release(Guid node, int count = 1)
    {
        lock (gate)
        {
            if (nodeId == node)
            {
                free += count;
                AnnounceChange();
            }
        }
    }

    /// <summary>
    /// Takes the slot again of a run that has waited for its children without one, whether there is room or not: with a slot
    /// each, runs that wait for children would leave none to these.
    /// </summary>
    public void TakeBack(Guid node)
    {
        lock (gate)
        {
            if (nodeId == node)
            {
                free--;
            }
        }
    }

    /// <summary>Hands a run over that is claimed by this node already.</summary>
    public void HandOver(ClaimedRun run) => handedOver.Writer.TryWrite(run);

    private void AnnounceChange()
    {
        change?.TrySetResult();
        change = null;
    }
}
