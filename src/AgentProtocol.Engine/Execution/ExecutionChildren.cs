using AgentProtocol.Agents;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Execution;

/// <summary>The children as one execution may have them: for the run's owner, and only while the run is this execution's.</summary>
internal sealed class ExecutionChildren(ChildRuns children, RunningRun run, RunWriter writer) : IAgentChildren
{
    private readonly Lock gate = new();
    private readonly HashSet<Guid> counted = [];
    private int waiting;

    public async Task<ChildResult> RunAsync(ChildRun child, CancellationToken cancellationToken)
    {
        var row = children.ToRow(run.Claim, child);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, run.Stopping, run.Draining);
        stop.Token.ThrowIfCancellationRequested();
        var isNew = await children.StartAsync(run, row, stop.Token);
        try
        {
            var ended = await WaitAsync(row.RunId, isNew, stop.Token);
            return await children.ReadResultAsync(row.RunId, row.ThreadId, ended, stop.Token);
        }
        catch (OperationCanceledException) when (!run.Stopping.IsCancellationRequested && !run.Draining.IsCancellationRequested)
        {
            // Its parent goes on without it. Where that stops, its end stops the child, or another attempt waits for it.
            await children.GiveUpAsync(row.RunId);
            throw;
        }
    }

    private async Task<RunView?> WaitAsync(Guid runId, bool isNew, CancellationToken cancellationToken)
    {
        // Its tokens belong to the attempt that has seen it end. Of a child that had ended before this attempt asked for it,
        // nobody knows any more whether an earlier one has counted it.
        var mustCount = isNew;
        Enter();
        try
        {
            var ended = await children.WaitAsync(run.Claim.Owner, runId, () => mustCount = true, cancellationToken);
            if (mustCount && ended?.Row.Usage is { } usage)
            {
                await CountAsync(runId, TokenUsage.Parse(usage));
            }

            return ended;
        }
        finally
        {
            Leave();
        }
    }

    private async Task CountAsync(Guid runId, TokenUsage usage)
    {
        lock (gate)
        {
            if (!counted.Add(runId))
            {
                return;
            }
        }

        await writer.RecordAsync(new AgentEvent.Usage(usage.Input, usage.Output));
    }

    /// <summary>However many children a run waits for, it has one slot to lend.</summary>
    private void Enter()
    {
        lock (gate)
        {
            if (waiting++ == 0)
            {
                run.HoldSilence();
                children.LendSlot(run);
            }
        }
    }

    private void Leave()
    {
        lock (gate)
        {
            if (--waiting == 0)
            {
                children.TakeSlotBack(run);
                run.ReleaseSilence();
            }
        }
    }
}
