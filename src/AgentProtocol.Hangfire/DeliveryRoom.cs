using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Hangfire;

/// <summary>
/// Lets this node look for no more jobs than it has free slots: one that waits here for a slot is lost to the nodes that
/// have some. A slot that is taken back by its run meanwhile cannot be helped: the few looks under way go on.
/// </summary>
internal sealed class DeliveryRoom(NodeSlots slots)
{
    private readonly Lock gate = new();
    private TaskCompletionSource change = NewChange();
    private int onTheirWay;

    /// <summary>Counts a job as on its way, as soon as there is a slot for it beside all others that are.</summary>
    public void Enter(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task[] changes;
            lock (gate)
            {
                // Before the look, so that no change falls in between.
                changes = [slots.Change, change.Task];
                if (slots.Free > onTheirWay)
                {
                    onTheirWay++;
                    return;
                }
            }

            Task.WaitAny(changes, cancellationToken);
        }
    }

    /// <summary>A job is on its way no more: its run has a slot, or it is over.</summary>
    public void Leave()
    {
        TaskCompletionSource before;
        lock (gate)
        {
            onTheirWay--;
            (before, change) = (change, NewChange());
        }

        before.TrySetResult();
    }

    /// <summary>The slot of a job's run is free again, while the job is not over.</summary>
    public void Return()
    {
        lock (gate)
        {
            onTheirWay++;
        }
    }

    private static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
