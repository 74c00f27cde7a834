using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Events;

/// <summary>How far a run is, as its readers see it.</summary>
/// <param name="ThreadId">Its thread.</param>
/// <param name="Position">The position of the next event.</param>
/// <param name="HasEnded">Whether no more events follow.</param>
internal readonly record struct RunPosition(Guid ThreadId, long Position, bool HasEnded);

/// <summary>Reads committed pages, on any node, for as long as they are kept.</summary>
internal sealed class EventReader(ProtocolDatabase database, TimeProvider? time = null) : IAsyncDisposable
{
    private const string PositionSql =
        """
        select r.thread_id, coalesce(r.event_count, w.next_event, 0), r.event_count is not null
        from runs r left join run_work w using (run_id) where r.run_id = $1
        """;

    private const string PagesSql =
        """
        select first_event, frames from run_events
        where run_id = $1
          and first_event >= coalesce((select max(first_event) from run_events where run_id = $1 and first_event <= $2), 0)
        order by first_event limit $3
        """;

    private const string PageOfNumberSql =
        """
        select first_event, frames from run_events where run_id = $1 and next_number > $2 order by first_event limit 1
        """;

    private const string TailSql =
        """
        select first_event, frames, next_number from run_events
        where run_id = $1 and first_event < $2 order by first_event desc limit $3
        """;

    private const int PagesPerRead = 64;

    private const int PagesPerTail = 16;

    /// <summary>Half of the shortest retention: before that no partition goes, whatever the clocks of the nodes say.</summary>
    private static readonly TimeSpan SafeFor = TimeSpan.FromHours(12);

    private readonly TimeProvider time = time ?? TimeProvider.System;
    private readonly EventHolds holds = new(database);

    /// <summary>
    /// Keeps the pages of a run from retention, on all nodes, until the result is disposed; null while the run is too young
    /// for that. Whoever reads pages asks first, and keeps the hold until it has read the last.
    /// </summary>
    public async ValueTask<IAsyncDisposable?> HoldAsync(Guid runId, CancellationToken cancellationToken)
    {
        var mintedAt = EventPartitions.MintedAt(runId);
        return time.GetUtcNow() - mintedAt < SafeFor
            ? null
            : await holds.HoldAsync(DateOnly.FromDateTime(mintedAt.UtcDateTime), cancellationToken);
    }

    public ValueTask DisposeAsync() => holds.DisposeAsync();

    /// <summary>How far a run is; null when it does not exist, or was erased.</summary>
    public async Task<RunPosition?> ReadPositionAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(PositionSql, connection).With(runId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new RunPosition(reader.GetGuid(0), reader.GetInt64(1), reader.GetBoolean(2))
            : null;
    }

    /// <summary>The frames from a position on, as far as one read goes; those that show state carry it.</summary>
    public async Task<IReadOnlyList<Frame>> ReadFramesAsync(Guid threadId, Guid runId, long from, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        List<Frame> frames = [];
        await using (var command = new NpgsqlCommand(PagesSql, connection).With(runId).With(from).With(PagesPerRead))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                frames.AddRange(Frame.Read(reader.GetInt64(0), reader.GetString(1)).Where(frame => frame.Position >= from));
            }
        }

        return await WithStatesAsync(connection, threadId, frames, cancellationToken);
    }

    /// <summary>The position of the stream modes' event with a number; null when there is none with it or a later one yet.</summary>
    public async Task<long?> FindNumberAsync(Guid runId, long number, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(PageOfNumberSql, connection).With(runId).With(number);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? Frame.Read(reader.GetInt64(0), reader.GetString(1)).First(frame => frame.Number >= number).Position
            : null;
    }

    /// <summary>How a log ends. Reads no further back than to the last checkpoint.</summary>
    public static async Task<LogTail> ReadTailAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        LogTail? tail = null;
        var below = long.MaxValue;
        for (var isDecided = false; !isDecided;)
        {
            var pages = await ReadBelowAsync(connection, runId, below, cancellationToken);
            foreach (var (first, frames, nextNumber) in pages)
            {
                tail ??= new LogTail(nextNumber);
                below = first;
                isDecided |= !tail.Prepend([.. Frame.Read(first, frames)]);
                if (isDecided)
                {
                    break;
                }
            }

            isDecided |= pages.Count < PagesPerTail;
        }

        return tail ?? new LogTail(0);
    }

    private static async Task<List<(long First, string Frames, long NextNumber)>> ReadBelowAsync(
        NpgsqlConnection connection, Guid runId, long below, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TailSql, connection).With(runId).With(below).With(PagesPerTail);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(long, string, long)> pages = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            pages.Add((reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2)));
        }

        return pages;
    }

    /// <summary>The same on a connection of its own.</summary>
    public async Task<LogTail> ReadTailAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await ReadTailAsync(connection, runId, cancellationToken);
    }

    private static async Task<IReadOnlyList<Frame>> WithStatesAsync(
        NpgsqlConnection connection, Guid threadId, List<Frame> frames, CancellationToken cancellationToken)
    {
        var wanted = frames.Select(frame => frame.Checkpoint).OfType<Guid>().Distinct().ToList();
        if (wanted.Count == 0)
        {
            return frames;
        }

        var states = await CheckpointReader.ReadStatesAsync(connection, threadId, wanted, cancellationToken);

        // A checkpoint may be gone, with its run or with the thread's past; its frames then have nothing to show.
        return [.. frames.Select(frame => frame.Checkpoint is { } id ? frame with { State = states.GetValueOrDefault(id) } : frame)];
    }
}
