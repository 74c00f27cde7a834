using System.Threading.Channels;
using AgentProtocol.Engine.Events;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// Where those who stop runs meet those who execute them: on this node directly, on another by a hint. Both are
/// shortcuts of the beat, which reads the same rows every second.
/// </summary>
internal sealed class SettlementSignals(NodeSlots slots, RunFeed feed, IRunQueue queue, Hints hints)
{
    private readonly Channel<bool> looks = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Told when the rows of this node's runs should be looked at.</summary>
    public ChannelReader<bool> Looks => looks.Reader;

    /// <summary>Makes this node look at its rows now.</summary>
    public void Look() => looks.Writer.TryWrite(true);

    /// <summary>Tells everybody concerned what a committed transaction did.</summary>
    public void Announce(SettlementEffects effects)
    {
        foreach (var (runId, node) in effects.Signalled)
        {
            if (node == slots.NodeId)
            {
                Look();
            }
            else
            {
                hints.Send(HintKind.Signal, runId);
            }
        }

        foreach (var runId in effects.Ended)
        {
            feed.Wake(runId);
            hints.Send(HintKind.Events, runId);
        }

        if (effects.Promoted is { } promoted)
        {
            queue.Signal([promoted]);
        }
    }
}
