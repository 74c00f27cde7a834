using AgentProtocol.Engine.Execution;
using AgentProtocol.Testing.Time;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

public sealed class IdleWatchTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider time = new();
    private readonly IdleWatch watch;
    private int expiries;

    public IdleWatchTests() => watch = new IdleWatch(Limit, () => expiries++, time);

    [Fact]
    public void Silence_of_the_whole_limit_is_noticed_once()
    {
        time.Advance(Limit - TimeSpan.FromTicks(1));
        Assert.Equal(0, expiries);

        time.Advance(TimeSpan.FromTicks(1));
        time.Advance(Limit * 3);
        Assert.Equal(1, expiries);
    }

    [Fact]
    public void Every_event_starts_the_limit_anew()
    {
        for (var i = 0; i < 5; i++)
        {
            time.Advance(Limit * 0.9);
            watch.Touch();
        }

        time.Advance(Limit * 0.9);
        Assert.Equal(0, expiries);
        time.Advance(Limit * 0.1);
        Assert.Equal(1, expiries);
    }

    [Fact]
    public void Nothing_counts_while_nobody_is_waited_for()
    {
        watch.Rest();
        time.Advance(Limit * 5.5);
        watch.Touch();
        time.Advance(Limit * 0.9);
        Assert.Equal(0, expiries);

        time.Advance(Limit * 0.1);
        Assert.Equal(1, expiries);
    }

    [Fact]
    public void A_limit_beyond_what_a_timer_takes_is_a_limit_all_the_same()
    {
        var passed = 0;
        using var patient = new IdleWatch(TimeSpan.FromDays(100), () => passed++, time);
        time.Advance(TimeSpan.FromDays(99));
        Assert.Equal(0, passed);
        time.Advance(TimeSpan.FromDays(1));
        Assert.Equal(1, passed);
    }

    public void Dispose() => watch.Dispose();
}
