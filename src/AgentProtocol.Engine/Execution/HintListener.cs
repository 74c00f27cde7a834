using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Queue;
using Npgsql;

namespace AgentProtocol.Engine.Execution;

/// <summary>Acts on hints of other nodes, and of this one about runs that execute here.</summary>
internal sealed class HintListener(RunFeed feed, PostgresRunQueue queue, SettlementSignals signals)
{
    /// <summary>Starts to listen on a session. Whatever was missed before is looked up anew.</summary>
    public async Task ListenAsync(NpgsqlConnection session, CancellationToken cancellationToken)
    {
        session.Notification += (_, notification) => Hear(notification.Payload);
        await NodeRegistry.ListenAsync(session, Hints.ChannelName, cancellationToken);
        queue.Wake();
        foreach (var runId in feed.Followed)
        {
            feed.Wake(runId);
        }
    }

    private void Hear(string payload)
    {
        var (kind, runIds) = Hints.Read(payload);
        foreach (var runId in runIds ?? [])
        {
            switch (kind)
            {
                case HintKind.Events:
                    feed.Wake(runId);
                    break;

                case HintKind.Ready:
                    queue.Wake();
                    break;

                case HintKind.Signal:
                    signals.Look();
                    break;
            }
        }
    }
}
