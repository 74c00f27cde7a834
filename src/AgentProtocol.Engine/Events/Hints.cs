using System.Threading.Channels;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AgentProtocol.Engine.Events;

/// <summary>What a hint is about; also the first letter of its payload.</summary>
internal enum HintKind
{
    /// <summary>Runs or threads have new events, or runs have ended.</summary>
    Events = 'e',

    /// <summary>Runs can be claimed.</summary>
    Ready = 'r',

    /// <summary>Runs have to be stopped by the node that executes them.</summary>
    Signal = 's',
}

/// <summary>
/// Sends hints to other nodes with NOTIFY: collected for a moment, on a connection of their own, never inside a write
/// transaction, because NOTIFY takes a lock that is global to the database. Any hint may be lost.
/// </summary>
internal sealed class Hints(ProtocolDatabase database, TimeProvider time, ILogger<Hints> logger) : BackgroundService
{
    /// <summary>The channel that every node listens to.</summary>
    public const string ChannelName = "agentprotocol";

    /// <summary>NOTIFY takes at most 8,000 bytes; an id is 36 and a comma.</summary>
    private const int IdsPerHint = 200;

    private static readonly TimeSpan CollectFor = TimeSpan.FromMilliseconds(2);

    private readonly Channel<(HintKind Kind, Guid RunId)> pending = Channel.CreateBounded<(HintKind, Guid)>(
        new BoundedChannelOptions(20_000) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });

    /// <summary>Whether there is anybody to tell: a node alone sends nothing.</summary>
    public bool HasPeers { get; set; }

    public void Send(HintKind kind, Guid runId)
    {
        if (HasPeers)
        {
            pending.Writer.TryWrite((kind, runId));
        }
    }

    /// <summary>A run has new events, or has ended: readers may follow it, or its thread.</summary>
    public void SendEvents(Guid runId, Guid threadId)
    {
        Send(HintKind.Events, runId);
        Send(HintKind.Events, threadId);
    }

    /// <summary>The ids of a received payload, or none if it is not one of ours.</summary>
    public static (HintKind Kind, IReadOnlyList<Guid> RunIds) Read(string payload) =>
        payload.Length < 2 ? default
        : ((HintKind)payload[0], [.. payload[1..].Split(',').Select(id => Guid.TryParse(id, out var runId) ? runId : Guid.Empty)]);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (await pending.Reader.WaitToReadAsync(stoppingToken))
        {
            await Task.Delay(CollectFor, time, stoppingToken);
            Dictionary<HintKind, HashSet<Guid>> collected = [];
            while (pending.Reader.TryRead(out var hint))
            {
                (collected.TryGetValue(hint.Kind, out var ids) ? ids : collected[hint.Kind] = []).Add(hint.RunId);
            }

            try
            {
                foreach (var (kind, ids) in collected)
                {
                    await SendAsync(kind, ids, stoppingToken);
                }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // A lost hint costs others half a second, not a run.
                EngineLog.HintsLost(logger, exception);
            }
        }
    }

    private async Task SendAsync(HintKind kind, HashSet<Guid> runIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        foreach (var chunk in runIds.Chunk(IdsPerHint))
        {
            await using var command = new NpgsqlCommand("select pg_notify($1, $2)", connection)
                .With(ChannelName).With((char)kind + string.Join(',', chunk));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
