using System.Collections.Concurrent;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AgentProtocol.Engine.Execution;

/// <summary>Recovers the runs of nodes that died. Any node does it for any other; the database lets one of them through.</summary>
internal sealed class NodeReaper(
    ProtocolDatabase database, IRunQueue queue, PeerWatch watch, IOptions<RunsOptions> options, ILogger<NodeReaper> logger)
{
    private readonly ConcurrentDictionary<Guid, bool> underWay = new();

    /// <summary>Looks at the other nodes once, on the observer's own session.</summary>
    /// <returns>How many other nodes there are.</returns>
    public async Task<int> RunOnceAsync(NpgsqlConnection session, Guid self, CancellationToken cancellationToken)
    {
        var peers = await NodeRegistry.ReadPeersAsync(session, self, cancellationToken);
        foreach (var suspect in watch.Observe(peers))
        {
            if (suspect.IsDeadForSure || await NodeRegistry.IsUnlockedAsync(session, suspect.Node, cancellationToken))
            {
                StartReaping(suspect, cancellationToken);
            }
        }

        return peers.Count;
    }

    /// <summary>On its own, because it may wait for locks, and the beat of this node must not.</summary>
    private void StartReaping(Suspect suspect, CancellationToken cancellationToken)
    {
        if (underWay.TryAdd(suspect.Node, true))
        {
            _ = Task.Run(() => ReapAsync(suspect, cancellationToken), cancellationToken);
        }
    }

    private async Task ReapAsync(Suspect suspect, CancellationToken cancellationToken)
    {
        try
        {
            await ReapOnceAsync(suspect, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // The suspect is still there at the next look.
            EngineLog.LoopFailed(logger, nameof(NodeReaper), exception);
        }
        finally
        {
            underWay.TryRemove(suspect.Node, out _);
        }
    }

    private async Task ReapOnceAsync(Suspect suspect, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        if (await NodeRegistry.ReapAsync(connection, suspect.Node, suspect.Beat, options.Value.DisconnectGrace, cancellationToken) is { } runs)
        {
            EngineLog.NodeReaped(logger, suspect.Node, runs);
            queue.Wake();
        }
    }
}
