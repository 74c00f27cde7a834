using System.Threading.Channels;
using AgentProtocol.Engine.Queue;

namespace AgentProtocol.Hangfire;

/// <summary>Takes signals from producers, who cannot wait for Hangfire's transactions. What gets lost here is found by the sweep.</summary>
internal sealed class HangfireRunQueue : IRunQueue
{
    private readonly Channel<Guid> signals = Channel.CreateBounded<Guid>(
        new BoundedChannelOptions(20_000) { FullMode = BoundedChannelFullMode.DropWrite });

    private readonly Channel<bool> looks = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite, SingleReader = true });

    /// <summary>Runs to deliver.</summary>
    public ChannelReader<Guid> Signals => signals.Reader;

    /// <summary>Told when the sweep should look for runs that nobody has named.</summary>
    public ChannelReader<bool> Looks => looks.Reader;

    public void Signal(IReadOnlyList<Guid> runIds)
    {
        foreach (var runId in runIds)
        {
            signals.Writer.TryWrite(runId);
        }
    }

    public void Wake() => looks.Writer.TryWrite(true);

    /// <summary>One node that looks is enough: what it delivers, any node takes.</summary>
    public void WakeAll(Guid ended) => Wake();

    /// <summary>Ends <see cref="Signals"/> behind those that were given so far.</summary>
    public void Complete() => signals.Writer.TryComplete();
}
