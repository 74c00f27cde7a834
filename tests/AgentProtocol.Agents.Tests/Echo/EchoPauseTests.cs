using AgentProtocol.Agents.Echo;
using AgentProtocol.Testing.Time;
using static AgentProtocol.Agents.Tests.AgentRuns;

namespace AgentProtocol.Agents.Tests.Echo;

public class EchoPauseTests
{
    private readonly ManualTimeProvider clock = new();
    private readonly EchoAgent echo;

    public EchoPauseTests() => echo = new EchoAgent(clock);

    [Fact]
    public async Task Sleep_answers_when_its_time_is_over_and_not_before()
    {
        var run = echo.EventsAsync(Saying("sleep 1.5 please"));

        clock.Advance(TimeSpan.FromMilliseconds(1_499));
        Assert.False(run.IsCompleted);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal("echo: sleep 1.5 please", (await run).Answer().Content());
    }

    [Fact(Timeout = 10_000)]
    public async Task Sleep_stops_at_once_when_the_run_is_cancelled()
    {
        using CancellationTokenSource cancel = new();
        await using var events = echo.RunAsync(Saying("sleep 86400"), cancel.Token).GetAsyncEnumerator(cancel.Token);
        var next = events.MoveNextAsync().AsTask();

        await cancel.CancelAsync();

        var stopped = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        Assert.Equal(cancel.Token, stopped.CancellationToken);
        Assert.Equal(0, clock.WaitingTimers);
    }

    [Theory(Timeout = 10_000)]
    [InlineData("sleep 86400")]
    [InlineData("steps 10")]
    public async Task Pause_stops_at_once_when_the_server_drains(string text)
    {
        using CancellationTokenSource drain = new();
        var run = echo.EventsAsync(Saying(text) with { Draining = drain.Token });

        await drain.CancelAsync();

        var stopped = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => run);
        Assert.Equal(drain.Token, stopped.CancellationToken);
    }

    [Fact]
    public async Task Each_step_takes_100_ms_and_is_reported_and_committed()
    {
        var run = echo.EventsAsync(Saying("steps 4"));
        Advance(steps: 4);

        var events = await run;

        Assert.Equal(
            ["""{"step":1,"of":4}""", """{"step":2,"of":4}""", """{"step":3,"of":4}""", """{"step":4,"of":4}"""],
            events.OfType<AgentEvent.Custom>().Select(custom => custom.Data.GetRawText()));
        Assert.Equal([25, 50, 75, 100], events.OfType<AgentEvent.Progress>().Select(progress => progress.Percent!.Value));
        var updates = events.OfType<AgentEvent.StateUpdate>().ToList();
        Assert.Equal(["{}", "{}", "{}", "{}"], updates[..^1].Select(update => update.Update.GetRawText()));
        Assert.All(updates, update => Assert.Equal("echo", update.Node));
        Assert.Equal("echo: steps 4", events.Answer().Content());
        Assert.Equal(TimeSpan.FromMilliseconds(400), clock.GetUtcNow() - new ManualTimeProvider().GetUtcNow());
    }

    [Theory]
    [InlineData(1, "2,3", 1)]
    [InlineData(2, "3", 1)]
    [InlineData(3, "", 1)]
    [InlineData(4, "", 0)]
    public async Task Steps_go_on_behind_those_that_are_committed(int completed, string remaining, int answers)
    {
        var run = echo.EventsAsync(Saying("steps 3") with { Attempt = 2, CompletedSteps = completed });
        Advance(steps: 3 - Math.Min(completed, 3));

        var events = await run;

        Assert.Equal(remaining, string.Join(',', events.OfType<AgentEvent.Custom>().Select(custom => custom.Data.GetProperty("step").GetInt32())));
        Assert.Equal(answers, events.OfType<AgentEvent.StateUpdate>().Count(update => update.Update.TryGetProperty("messages", out _)));
    }

    /// <summary>The agent goes on inside of <c>Advance</c>: without a synchronization context a timer's waiters run in its callback.</summary>
    private void Advance(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            clock.Advance(TimeSpan.FromMilliseconds(99));
            Assert.Equal(1, clock.WaitingTimers);
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }

        Assert.Equal(0, clock.WaitingTimers);
    }
}
