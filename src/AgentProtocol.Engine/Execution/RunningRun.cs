using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Engine.Execution;

/// <summary>The handle by which others reach an execution on this node: to stop it, or to make it stop at its next checkpoint.</summary>
internal sealed class RunningRun : IDisposable
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource lent = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource leaseLost = new();
    private readonly CancellationTokenSource draining = new();
    private readonly CancellationTokenSource abandon;
    private readonly TimeSpan cancelGrace;
    private readonly TimeProvider time;
    private readonly ITimer deadline;
    private readonly TimeSpan steerGrace;
    private readonly Lock gate = new();
    private string? softReason;
    private ITimer? softLimit;
    private IdleWatch? idle;

    /// <param name="claim">The claimed run.</param>
    /// <param name="cancelGrace">How long the agent may take to obey.</param>
    /// <param name="time">The clock of deadline and grace.</param>
    /// <param name="steerGrace">How long the agent may take to its next checkpoint when it is to stop there.</param>
    public RunningRun(ClaimedRun claim, TimeSpan cancelGrace, TimeProvider time, TimeSpan steerGrace = default)
    {
        Claim = claim;
        this.steerGrace = steerGrace;
        this.time = time;
        MayHaveChildren = claim.Fence > 1;
        this.cancelGrace = cancelGrace;
        abandon = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        // A timer takes at most 49 days; a longer deadline is looked after by the sweeper.
        deadline = time.CreateTimer(
            static run => ((RunningRun)run!).Stop(StopCause.Deadline, "The run exceeded its time limit"), this,
            claim.TimeLeft > TimeSpan.Zero ? TimeSpan.FromTicks(Math.Min(claim.TimeLeft.Ticks, TimeSpan.FromDays(40).Ticks)) : TimeSpan.Zero,
            Timeout.InfiniteTimeSpan);
    }

    public ClaimedRun Claim { get; }

    /// <summary>Whether there may be runs that it has started: this execution or an earlier one.</summary>
    public bool MayHaveChildren { get; set; }

    public StopCause Cause { get; private set; }

    /// <summary>Why it is stopped, for people.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>What callers told it.</summary>
    public UpdateArrivals Updates { get; } = new();

    /// <summary>How it ends because its agent has gone silent; null when another limit than that, or none, stops it.</summary>
    public RunOutcome? Silence { get; private set; }

    /// <summary>Cancelled when the agent must stop.</summary>
    public CancellationToken Stopping => stop.Token;

    /// <summary>Cancelled when the server shuts down and the agent should hand over at its next checkpoint.</summary>
    public CancellationToken Draining => draining.Token;

    /// <summary>Cancelled when nothing more may be written.</summary>
    public CancellationToken LeaseLost => leaseLost.Token;

    /// <summary>Cancelled when the agent had its grace and is not waited for any longer.</summary>
    public CancellationToken Abandoned => abandon.Token;

    /// <summary>Ends with the execution, whatever its outcome.</summary>
    public Task Completion => completion.Task;

    /// <summary>Ends when the execution first gives its slot away while it waits for others; from then on nothing else may count it either.</summary>
    public Task SlotLent => lent.Task;

    /// <summary>Says that the slot is given away.</summary>
    public void LendSlot() => lent.TrySetResult();

    /// <summary>From now on the run is stopped when nothing is heard of its agent for this long; never, when null.</summary>
    public void WatchSilence(TimeSpan? limit)
    {
        idle?.Dispose();
        if (limit is { } longest)
        {
            var outcome = RunOutcome.WentIdle(longest);
            idle = new IdleWatch(longest, () => Stop(StopCause.Deadline, outcome.Message!, outcome), time);
        }
    }

    /// <summary>Something was heard of the run: an event of its agent, or of whomever its agent waits for.</summary>
    public void Touch() => idle?.Touch();

    /// <summary>Until the next <see cref="Touch"/> it is not the agent that lets others wait.</summary>
    public void Rest() => idle?.Rest();

    /// <summary>From now on it waits for runs that have limits of their own: its silence counts for nothing.</summary>
    public void HoldSilence() => idle?.Hold();

    /// <summary>It waits for no other run any more.</summary>
    public void ReleaseSilence() => idle?.Release();

    /// <summary>Stops the agent. Of several causes the gravest counts.</summary>
    public void Stop(StopCause cause, string reason) => Stop(cause, reason, silence: null);

    private void Stop(StopCause cause, string reason, RunOutcome? silence)
    {
        lock (gate)
        {
            if (cause <= Cause)
            {
                return;
            }

            (Cause, Reason, Silence) = (cause, reason, silence);
        }

        if (cause == StopCause.LeaseLost)
        {
            _ = CancelAsync(leaseLost);
        }

        _ = CancelAsync(stop);
        abandon.CancelAfter(cancelGrace);
    }

    /// <summary>Stops the agent at its next checkpoint, or when that does not come within the grace.</summary>
    public void StopAtCheckpoint(string reason)
    {
        lock (gate)
        {
            if (softReason is not null || Cause >= StopCause.Interrupt)
            {
                return;
            }

            softReason = reason;
            softLimit = time.CreateTimer(
                static run => ((RunningRun)run!).Stop(StopCause.Interrupt, ((RunningRun)run).softReason!), this, steerGrace, Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Whether it was told to stop at its next checkpoint.</summary>
    public bool IsToStopAtCheckpoint
    {
        get
        {
            lock (gate)
            {
                return softReason is not null;
            }
        }
    }

    /// <summary>The agent has reached a checkpoint: whether it stops there.</summary>
    public bool StopsHere()
    {
        if (IsToStopAtCheckpoint)
        {
            Stop(StopCause.Interrupt, softReason!);
            return true;
        }

        return Draining.IsCancellationRequested;
    }

    /// <summary>Asks the agent to stop at its next checkpoint, and to go on elsewhere.</summary>
    public void Drain() => _ = CancelAsync(draining);

    /// <summary>Says that the execution is over.</summary>
    public void Complete() => completion.TrySetResult();

    /// <summary>
    /// The token is cancelled when this returns, but its callbacks, which are the agent's code, run elsewhere: they may
    /// block or throw, and the caller may be the beat of this node.
    /// </summary>
    private static async Task CancelAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync();
        }
        catch (AggregateException)
        {
            // What an agent throws out of its own callback concerns nobody: it is being stopped.
        }
    }

    /// <summary>Ends the timers. The sources stay usable: a late cancel may still hold this handle.</summary>
    public void Dispose()
    {
        deadline.Dispose();
        idle?.Dispose();
        lock (gate)
        {
            softLimit?.Dispose();
        }
    }
}
