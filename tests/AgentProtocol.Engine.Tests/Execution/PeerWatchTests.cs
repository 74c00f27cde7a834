using AgentProtocol.Engine.Execution;
using AgentProtocol.Testing.Time;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

public sealed class PeerWatchTests
{
    private readonly ManualTimeProvider time = new();
    private readonly PeerWatch watch;
    private readonly Guid peer = Guid.CreateVersion7();

    public PeerWatchTests() => watch = new PeerWatch(time);

    [Fact]
    public void A_beat_that_stands_still_for_three_polls_and_three_seconds_is_suspect()
    {
        Assert.Equal([false, false, false, true], Poll(4, TimeSpan.FromSeconds(1)).Select(suspects => suspects.Count == 1));
    }

    [Fact]
    public void Three_polls_in_less_than_three_seconds_are_not_enough()
    {
        Assert.All(Poll(8, TimeSpan.FromSeconds(0.4)), Assert.Empty);
    }

    [Fact]
    public void Three_seconds_with_fewer_than_three_polls_are_not_enough()
    {
        Assert.Equal([0, 0, 0, 1], Poll(4, TimeSpan.FromSeconds(3)).Select(suspects => suspects.Count));
    }

    [Fact]
    public void A_beat_that_moves_starts_the_window_anew()
    {
        Poll(3, TimeSpan.FromSeconds(1), beat: 1);

        Assert.Equal([0, 0, 0, 1], Poll(4, TimeSpan.FromSeconds(1), beat: 2).Select(suspects => suspects.Count));
    }

    [Fact]
    public void After_fifteen_seconds_the_lock_does_not_matter()
    {
        var polls = Poll(17, TimeSpan.FromSeconds(1));

        Assert.False(Assert.Single(polls[14]).IsDeadForSure);
        Assert.True(Assert.Single(polls[15]).IsDeadForSure);
        Assert.Equal(new Suspect(peer, 7, true), Assert.Single(polls[16]));
    }

    [Fact]
    public void An_interrupted_session_forgets_what_it_saw()
    {
        Poll(20, TimeSpan.FromSeconds(1));
        watch.Forget();

        Assert.Equal([0, 0, 0, 1], Poll(4, TimeSpan.FromSeconds(1)).Select(suspects => suspects.Count));
    }

    [Fact]
    public void A_node_that_left_and_came_back_is_observed_from_the_start()
    {
        Poll(3, TimeSpan.FromSeconds(1));
        Assert.Empty(watch.Observe([]));

        Assert.All(Poll(3, TimeSpan.FromSeconds(1)), Assert.Empty);
    }

    private List<IReadOnlyList<Suspect>> Poll(int times, TimeSpan every, long beat = 7)
    {
        List<IReadOnlyList<Suspect>> polls = [];
        for (var i = 0; i < times; i++)
        {
            polls.Add(watch.Observe([(peer, beat)]));
            time.Advance(every);
        }

        return polls;
    }
}
