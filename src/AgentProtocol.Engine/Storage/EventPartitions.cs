using System.Buffers.Binary;
using System.Globalization;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>
/// The daily partitions of <c>run_events</c>. A run id is a UUIDv7 minted by a server, so its day is in its first bits.
/// </summary>
internal static class EventPartitions
{
    /// <summary>Days that exist ahead of time, so that a night without maintenance loses nothing.</summary>
    public const int DaysAhead = 7;

    /// <summary>Nodes that are deployed together look for new days together.</summary>
    private const long AdvisoryLock = 0x4150_4556_5054;

    /// <summary>Makes the partitions from yesterday to a week ahead that do not exist yet.</summary>
    public static async Task EnsureAsync(NpgsqlConnection connection, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var today = DateOnly.FromDateTime(now.UtcDateTime);
        for (var day = today.AddDays(-1); day <= today.AddDays(DaysAhead); day = day.AddDays(1))
        {
            await using var exists = new NpgsqlCommand("select to_regclass($1) is not null", connection).With(NameOf(day));
            if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken))!)
            {
                await CreateAsync(connection, day, cancellationToken);
            }
        }
    }

    public static string NameOf(DateOnly day) => "run_events_" + day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);

    /// <summary>The lowest UUIDv7 of a day.</summary>
    public static Guid LowerBound(DateOnly day)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        var milliseconds = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds();
        Span<byte> time = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(time, milliseconds);
        time[2..].CopyTo(bytes);
        return new Guid(bytes, bigEndian: true);
    }

    /// <summary>When a run's id was minted.</summary>
    public static DateTimeOffset MintedAt(Guid runId)
    {
        Span<byte> bytes = stackalloc byte[16];
        runId.TryWriteBytes(bytes, bigEndian: true, out _);
        return DateTimeOffset.FromUnixTimeMilliseconds(BinaryPrimitives.ReadInt64BigEndian(bytes) >> 16);
    }

    /// <summary>Attaches a finished table, which blocks neither readers nor writers of the other days.</summary>
    private static async Task CreateAsync(NpgsqlConnection connection, DateOnly day, CancellationToken cancellationToken)
    {
        var name = NameOf(day);
        await using var create = new NpgsqlCommand(
            $"""
            do $$
            begin
                perform pg_advisory_xact_lock({AdvisoryLock});
                if to_regclass('{name}') is null then
                    create table {name} (like run_events including defaults including constraints including indexes);
                    alter table run_events attach partition {name}
                        for values from ('{LowerBound(day)}') to ('{LowerBound(day.AddDays(1))}');
                end if;
            end $$
            """,
            connection);
        await create.ExecuteNonQueryAsync(cancellationToken);
    }
}
