using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Events;

/// <summary>Wakes readers whose run executes elsewhere and whose hint was lost: one look per node at all runs and threads that are followed.</summary>
internal sealed class RunTail(ProtocolDatabase database, RunFeed feed, TimeProvider time, ILogger<RunTail> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>A thread has moved when its head has, or its active run.</summary>
    private const string PositionsSql =
        """
        select g.id,
               coalesce(w.next_event, r.event_count,
                   (extract(epoch from h.updated_at) * 1000000)::bigint + coalesce(a.next_event, 0), -1),
               r.event_count is not null
        from unnest($1) as g(id) left join runs r on r.run_id = g.id left join run_work w on w.run_id = g.id
            left join thread_heads h on h.thread_id = g.id left join run_work a on a.run_id = h.active_run
        """;

    private Dictionary<Guid, long> positions = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken);
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                EngineLog.LoopFailed(logger, nameof(RunTail), exception);
            }
        }
    }

    private async Task RunOnceAsync(CancellationToken cancellationToken)
    {
        var followed = feed.Followed;
        if (followed.Count == 0)
        {
            return;
        }

        Dictionary<Guid, long> seen = [];
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(PositionsSql, connection).WithColumn(followed, NpgsqlDbType.Uuid, id => id);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var id = reader.GetGuid(0);
            var position = reader.GetInt64(1);
            seen[id] = position;
            if (reader.GetBoolean(2) || !positions.TryGetValue(id, out var before) || before != position)
            {
                feed.Wake(id);
            }
        }

        positions = seen;
    }
}
