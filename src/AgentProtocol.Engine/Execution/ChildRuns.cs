using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Execution;

/// <summary>Runs that runs start: creates them for an execution, waits for them, and stops those that would outlive it.</summary>
internal sealed class ChildRuns(
    AgentRegistry agents,
    RunCreation creation,
    RunCancellation cancellation,
    SettlementSignals signals,
    IRunQueue queue,
    NodeSlots slots,
    RunFeed feed,
    RunLookup runs,
    ThreadReader threads,
    RunLimits limits,
    TimeProvider time)
{
    /// <summary>Why a child is cancelled, for people.</summary>
    public const string ParentEnded = "The run that has started it has ended";

    private const string GivenUp = "The run that has started it does not wait for it any more";

    /// <summary>How many runs may stand above a child: each waits for the next, and an agent that calls itself must end somewhere.</summary>
    private const int MaxDepth = 8;

    /// <summary>The children of one execution.</summary>
    public IAgentChildren Of(RunningRun run, RunWriter writer) => new ExecutionChildren(this, run, writer);

    /// <summary>Stops what an execution has started, before its run ends.</summary>
    public async Task CancelAllAsync(RunningRun run)
    {
        // Most runs have none, and do not look for any.
        if (!run.MayHaveChildren)
        {
            return;
        }

        try
        {
            foreach (var child in await cancellation.FindChildrenAsync(new ParentExecution(run.Claim.RunId, run.Claim.Fence), CancellationToken.None))
            {
                signals.Announce(await cancellation.CancelAsync(child, CancelAction.Interrupt, ParentEnded, CancellationToken.None));
            }
        }
        catch (Exception exception) when (TransientFailure.Is(exception))
        {
            // The sweeper finds them once their parent has ended, which must not fail for this.
        }
    }

    /// <summary>Stores a child, or finds it.</summary>
    /// <returns>Whether this attempt has started it.</returns>
    public async Task<bool> StartAsync(RunningRun run, NewRunRow row, CancellationToken cancellationToken)
    {
        var claim = run.Claim;
        if (claim.ParentRunId is not null && await creation.CountLineAsync(claim.RunId, MaxDepth + 1, cancellationToken) > MaxDepth)
        {
            throw new AgentException($"Runs that start runs may be nested {MaxDepth} deep, and this one would be deeper");
        }

        var metadata = $$"""{"parent_run_id":"{{claim.RunId}}","parent_thread_id":"{{claim.ThreadId}}"}""";
        var thread = new NewThreadRow { ThreadId = row.ThreadId, Owner = row.Owner, Metadata = metadata, Filter = metadata };
        run.MayHaveChildren = true;
        var made = await PersistAsync(() => creation.CreateChildAsync(row, thread, cancellationToken), cancellationToken);
        switch (made.Kind)
        {
            case ChildCreationKind.Created:
                queue.Signal([row.RunId]);
                return true;

            case ChildCreationKind.Found:
                return false;

            case ChildCreationKind.ThreadTaken:
                throw new AgentException($"The thread {row.ThreadId} of the child is in use by a run that somebody else has started on it");

            case ChildCreationKind.ParentStopped:
                run.Stop(RunningRuns.ToCause(made.Settle!), made.SettleReason ?? "Cancelled");
                break;

            default:
                run.Stop(StopCause.LeaseLost, "Its fence was raised");
                break;
        }

        throw new OperationCanceledException("This execution may not start runs any more");
    }

    /// <summary>Waits for the end of a child. Null when it was erased.</summary>
    /// <param name="owner">Whose it is.</param>
    /// <param name="runId">The child.</param>
    /// <param name="stillActive">Told once, when it has not ended yet.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<RunView?> WaitAsync(string owner, Guid runId, Action stillActive, CancellationToken cancellationToken)
    {
        using var subscription = feed.Subscribe(runId, wantsPages: false);
        var view = await PersistAsync(() => runs.ReadAsync(owner, runId), cancellationToken);
        if (view is { WorkState: not null })
        {
            stillActive();
        }

        while (view is { WorkState: not null })
        {
            await subscription.NextAsync(cancellationToken);
            view = await PersistAsync(() => runs.ReadAsync(owner, runId), cancellationToken);
        }

        return view;
    }

    /// <summary>Stops a child that nobody waits for any more, while its parent goes on.</summary>
    public async Task GiveUpAsync(Guid runId) =>
        signals.Announce(await cancellation.CancelAsync(runId, CancelAction.Interrupt, GivenUp, CancellationToken.None));

    /// <summary>What a child has led to.</summary>
    public async Task<ChildResult> ReadResultAsync(Guid runId, Guid threadId, RunView? ended, CancellationToken cancellationToken)
    {
        var (state, interrupts) = await PersistAsync(() => threads.ReadStateAfterRunAsync(threadId, runId, cancellationToken), cancellationToken);
        var error = ended is null ? "It was rolled back" : ended.Row.Error ?? (interrupts is null ? null : "It waits for an answer of a person");
        return new ChildResult(runId, threadId, ended?.Row.Status ?? "interrupted", error, AgentStates.From(state));
    }

    /// <summary>A database that is away is no failure of a run. Asking again is harmless: what is made has its id already.</summary>
    private async Task<T> PersistAsync<T>(Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await ask();
            }
            catch (Exception exception) when (TransientFailure.Is(exception) && !cancellationToken.IsCancellationRequested)
            {
                await Task.Delay(TransientFailure.Pause(failures), time, cancellationToken);
            }
        }
    }

    /// <summary>The row of a child; it runs the agent as it is registered, whatever the owner has made of its assistant.</summary>
    public NewRunRow ToRow(ClaimedRun parent, ChildRun child)
    {
        var agent = agents.Find(child.AgentId) ?? throw new AgentException($"There is no agent \"{child.AgentId}\"");
        if (child.Input.ValueKind != System.Text.Json.JsonValueKind.Object)
        {
            throw new AgentException($"The input of a run of \"{child.AgentId}\" must be an object");
        }

        var (runId, threadId) = ChildIds.For(parent.RunId, child.Key);
        return new NewRunRow
        {
            RunId = runId,
            ThreadId = threadId,
            Owner = parent.Owner,
            Agent = agent.Id,
            AssistantId = agent.AssistantId,
            Request = $$"""{"assistant_id":{{JsonText.Quote(agent.Id)}},"input":{{child.Input.GetRawText()}}}""",
            Metadata = "{}",
            Strategy = MultitaskStrategy.Enqueue,
            TimeLimit = limits.OwnTotal(agent.Id),
            QueueWait = limits.Of(agent.Id).QueueWait,
            Parent = new ParentExecution(parent.RunId, parent.Fence),
        };
    }

    /// <summary>Gives the slot of a run away while it does nothing but wait, so that its children find room.</summary>
    public void LendSlot(RunningRun run)
    {
        run.LendSlot();
        slots.Release(run.Claim.Node);
        if (slots.Free == 1)
        {
            // The node was full, and a ready run may wait for just this slot.
            queue.Signal([]);
        }
    }

    /// <summary>Ends a loan.</summary>
    public void TakeSlotBack(RunningRun run) => slots.TakeBack(run.Claim.Node);
}
