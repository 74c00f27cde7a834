using System.Globalization;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>
/// Drops the partitions of past days, one node at a time. A day stays while a run of it is active, has ended within the
/// retention, may still be created under a reserved id, or is being read on any node.
/// </summary>
internal static class EventRetention
{
    /// <summary>Nodes that find another at it have nothing to do.</summary>
    private const long AdvisoryLock = 0x4150_4556_5244;

    /// <summary>Says of a table that is no partition any more that it was ours to drop.</summary>
    private const string Mark = "agentprotocol: expired events";

    private const int TimeoutSeconds = 60;

    /// <summary>Older than version 14 there is no column for a detachment that was not finished, and no such thing.</summary>
    private const string SelectPastSql =
        $"""
        select c.relname, i.inhrelid is not null, coalesce((to_jsonb(i) ->> 'inhdetachpending')::boolean, false)
        from pg_class c left join pg_inherits i on i.inhrelid = c.oid
        where c.relkind = 'r' and c.relname ~ '^run_events_[0-9]+$'
          and c.relnamespace = (select relnamespace from pg_class where oid = 'run_events'::regclass)
          and (i.inhparent = 'run_events'::regclass or obj_description(c.oid, 'pg_class') = '{Mark}')
          and length(c.relname) = length('run_events_yyyymmdd')
          and to_date(right(c.relname, 8), 'YYYYMMDD') + 1 < (now() - $1) at time zone 'UTC'
        order by c.relname
        """;

    private const string IsNeededSql =
        """
        select exists (select from runs where run_id >= $1 and run_id < $2 and (status = 'active' or ended_at > now() - $3))
            or exists (select from idempotency_keys where run_id >= $1 and run_id < $2)
            or exists (select from crons where firing_run >= $1 and firing_run < $2)
        """;

    /// <summary>Drops what is past the retention and needed by nobody.</summary>
    /// <returns>The days that were dropped.</returns>
    public static async Task<IReadOnlyList<DateOnly>> DropExpiredAsync(
        string connectionString, TimeSpan retention, CancellationToken cancellationToken)
    {
        // A session of its own: locks are held over several statements, and what is left of them ends with it.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, CommandTimeout = TimeoutSeconds };
        await using var session = new NpgsqlConnection(settings.ConnectionString);
        await session.OpenAsync(cancellationToken);
        await using var alone = new NpgsqlCommand("select pg_try_advisory_lock($1)", session).With(AdvisoryLock);
        List<DateOnly> dropped = [];
        if (!(bool)(await alone.ExecuteScalarAsync(cancellationToken))!)
        {
            return dropped;
        }

        foreach (var partition in await SelectPastAsync(session, retention, cancellationToken))
        {
            if (!await EventDayLock.TryTakeAsync(session, partition.Day, cancellationToken))
            {
                continue;
            }

            if (!partition.IsAttached || partition.IsDetaching || !await IsNeededAsync(session, partition.Day, retention, cancellationToken))
            {
                await DropAsync(session, partition, cancellationToken);
                dropped.Add(partition.Day);
            }

            await EventDayLock.ReleaseAsync(session, partition.Day, cancellationToken);
        }

        return dropped;
    }

    private static async Task<IReadOnlyList<Partition>> SelectPastAsync(NpgsqlConnection session, TimeSpan retention, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SelectPastSql, session).With(retention);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Partition> past = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            var name = reader.GetString(0);
            var day = DateOnly.ParseExact(name[^8..], "yyyyMMdd", CultureInfo.InvariantCulture);
            past.Add(new Partition(name, day, reader.GetBoolean(1), reader.GetBoolean(2)));
        }

        return past;
    }

    private static async Task<bool> IsNeededAsync(NpgsqlConnection session, DateOnly day, TimeSpan retention, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(IsNeededSql, session)
            .With(EventPartitions.LowerBound(day)).With(EventPartitions.LowerBound(day.AddDays(1))).With(retention);
        return (bool)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Each step may be the last that this process does; the next sweep goes on from there.</summary>
    private static async Task DropAsync(NpgsqlConnection session, Partition partition, CancellationToken cancellationToken)
    {
        await ExecuteAsync(session, $"comment on table {partition.Name} is '{Mark}'", cancellationToken);
        if (partition.IsDetaching)
        {
            await ExecuteAsync(session, $"alter table run_events detach partition {partition.Name} finalize", cancellationToken);
        }
        else if (partition.IsAttached)
        {
            // Concurrently it blocks neither readers nor writers of the other days.
            var concurrently = session.PostgreSqlVersion.Major >= 14 ? "concurrently" : "";
            await ExecuteAsync(session, $"alter table run_events detach partition {partition.Name} {concurrently}", cancellationToken);
        }

        await ExecuteAsync(session, $"drop table {partition.Name}", cancellationToken);
    }

    private static async Task ExecuteAsync(NpgsqlConnection session, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, session);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record Partition(string Name, DateOnly Day, bool IsAttached, bool IsDetaching);
}
