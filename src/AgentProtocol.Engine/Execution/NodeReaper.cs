using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AgentProtocol.Engine.Execution;

/// <summary>Recovers the runs of nodes that died. Any node does it for any other; the database lets one of them through.</summary>
internal sealed class NodeReaper(
    ProtocolDatabase database, PostgresRunQueue queue, PeerWatch watch, IOptions<RunsOptions> options, ILogger<NodeReaper> logger)
{
    /// <summary>Looks at the other nodes once, on the observer's own session.</summary>
    /// <returns>How many other nodes there are.</returns>
    public async Task<int> RunOnceAsync(NpgsqlConnection session, Guid self, CancellationToken cancellationToken)
    {
        var peers = await NodeRegistry.ReadPeersAsync(session, self, cancellationToken);
        foreach (var suspect in watch.Observe(peers))
        {
            if (suspect.IsDeadForSure || await NodeRegistry.IsUnlockedAsync(session, suspect.Node, cancellationToken))
            {
                await ReapAsync(suspect, cancellationToken);
            }
        }

        return peers.Count;
    }

    private async Task ReapAsync(Suspect suspect, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        if (await NodeRegistry.ReapAsync(connection, suspect.Node, suspect.Beat, options.Value.DisconnectGrace, cancellationToken) is { } runs)
        {
            EngineLog.NodeReaped(logger, suspect.Node, runs);
            queue.Wake();
        }
    }
}
