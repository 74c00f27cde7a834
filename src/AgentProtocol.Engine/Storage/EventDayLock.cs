using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>
/// The lock between readers of a day's events and the retention that drops them: shared for readers, whole for the drop. It
/// belongs to a session, so it goes with the process that held it.
/// </summary>
internal static class EventDayLock
{
    /// <summary>Any number, but the same in every version. Locks with two keys are apart from those with one.</summary>
    private const int Class = 0x4556_4453;

    /// <summary>Keeps a day's partition. Waits while it is being dropped.</summary>
    public static Task ShareAsync(NpgsqlConnection session, DateOnly day, CancellationToken cancellationToken) =>
        ExecuteAsync(session, "select pg_advisory_lock_shared($1, $2)", day, cancellationToken);

    public static Task UnshareAsync(NpgsqlConnection session, DateOnly day, CancellationToken cancellationToken) =>
        ExecuteAsync(session, "select pg_advisory_unlock_shared($1, $2)", day, cancellationToken);

    /// <summary>False while any node reads the day.</summary>
    public static async Task<bool> TryTakeAsync(NpgsqlConnection session, DateOnly day, CancellationToken cancellationToken) =>
        (bool)(await ExecuteAsync(session, "select pg_try_advisory_lock($1, $2)", day, cancellationToken))!;

    public static Task ReleaseAsync(NpgsqlConnection session, DateOnly day, CancellationToken cancellationToken) =>
        ExecuteAsync(session, "select pg_advisory_unlock($1, $2)", day, cancellationToken);

    private static async Task<object?> ExecuteAsync(NpgsqlConnection session, string sql, DateOnly day, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, session).With(Class).With(day.DayNumber);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
