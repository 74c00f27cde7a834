using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Engine.Execution;

/// <summary>The handle by which others reach an execution on this node: to stop it, or to make it stop at its next checkpoint.</summary>
internal sealed class RunningRun : IDisposable
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stop = new();
    private readonly CancellationTokenSource leaseLost = new();
    private readonly CancellationTokenSource draining = new();
    private readonly CancellationTokenSource abandon;
    private readonly TimeSpan cancelGrace;
    private readonly ITimer deadline;
    private readonly Lock gate = new();

    /// <param name="claim">The claimed run.</param>
    /// <param name="cancelGrace">How long the agent may take to obey.</param>
    /// <param name="time">The clock of deadline and grace.</param>
    public RunningRun(ClaimedRun claim, TimeSpan cancelGrace, TimeProvider time)
    {
        Claim = claim;
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

    /// <summary>Stops the agent. Of several causes the gravest counts.</summary>
    public void Stop(StopCause cause, string reason)
    {
        lock (gate)
        {
            if (cause <= Cause)
            {
                return;
            }

            (Cause, Reason) = (cause, reason);
        }

        if (cause == StopCause.LeaseLost)
        {
            _ = CancelAsync(leaseLost);
        }

        _ = CancelAsync(stop);
        abandon.CancelAfter(cancelGrace);
    }

    /// <summary>Asks the agent to stop at its next checkpoint.</summary>
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

    /// <summary>Ends the deadline. The sources stay usable: a late cancel may still hold this handle.</summary>
    public void Dispose() => deadline.Dispose();
}
