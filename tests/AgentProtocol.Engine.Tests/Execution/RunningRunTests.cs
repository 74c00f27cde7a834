using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Testing.Time;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

public sealed class RunningRunTests : IDisposable
{
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    private readonly ManualTimeProvider time = new();
    private readonly RunningRun run;

    public RunningRunTests() => run = new RunningRun(
        new ClaimedRun
        {
            RunId = Guid.NewGuid(),
            ThreadId = Guid.NewGuid(),
            Owner = "local",
            Node = Guid.NewGuid(),
            RunNo = 1,
            Fence = 1,
            Attempt = 1,
            TimeLeft = TimeSpan.FromMinutes(1),
        },
        Grace, time);

    [Fact]
    public void A_silent_agent_is_told_to_stop_and_abandoned_after_the_grace()
    {
        run.WatchSilence(Idle);
        time.Advance(Idle);
        Assert.Equal((StopCause.Deadline, "No event for 10 s: the run counts as stuck", "RunIdle"), (run.Cause, run.Reason, run.Silence!.ErrorType));
        Assert.True(run.Stopping.IsCancellationRequested);
        Assert.False(run.Abandoned.IsCancellationRequested);

        time.Advance(Grace);
        Assert.True(run.Abandoned.IsCancellationRequested);
    }

    [Fact]
    public void Events_do_not_put_off_the_total()
    {
        run.WatchSilence(Idle);
        for (var i = 0; i < 10; i++)
        {
            time.Advance(TimeSpan.FromSeconds(6));
            run.Touch();
        }

        Assert.Equal(StopCause.Deadline, run.Cause);
        Assert.Null(run.Silence);
    }

    [Fact]
    public void Without_a_limit_silence_is_no_reason_to_stop()
    {
        run.WatchSilence(null);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal(StopCause.None, run.Cause);
    }

    [Fact]
    public void Whoever_cancels_a_silent_run_decides_how_it_ends()
    {
        run.WatchSilence(Idle);
        time.Advance(Idle);
        run.Stop(StopCause.Interrupt, "Cancelled by a caller");
        Assert.Equal((StopCause.Interrupt, null), (run.Cause, run.Silence));
    }

    public void Dispose() => run.Dispose();
}
