using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Events;

/// <summary>Wakes readers whose run executes elsewhere and whose hint was lost: one look per node at all runs that are followed.</summary>
internal sealed class RunTail(ProtocolDatabase database, RunFeed feed, TimeProvider time, ILogger<RunTail> logger) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    private const string PositionsSql =
        """
        select g.run_id, coalesce(w.next_event, r.event_count, -1), r.run_id is null or r.event_count is not null
        from unnest($1) as g(run_id) left join runs r using (run_id) left join run_work w using (run_id)
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
        await using var command = new NpgsqlCommand(PositionsSql, connection).WithColumn(followed, NpgsqlDbType.Uuid, run => run);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var runId = reader.GetGuid(0);
            var position = reader.GetInt64(1);
            seen[runId] = position;
            if (reader.GetBoolean(2) || !positions.TryGetValue(runId, out var before) || before != position)
            {
                feed.Wake(runId);
            }
        }

        positions = seen;
    }
}
