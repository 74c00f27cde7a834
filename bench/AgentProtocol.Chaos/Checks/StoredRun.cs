using Npgsql;

namespace AgentProtocol.Chaos.Checks;

/// <summary>A run as the database has it in the end.</summary>
/// <param name="ThreadId">Its thread.</param>
/// <param name="Status">Its status.</param>
/// <param name="ErrorType">The kind of failure, if it failed.</param>
/// <param name="Error">Why it did not succeed.</param>
/// <param name="Attempt">How many executions it took.</param>
/// <param name="Events">How many events of the stream modes its log has.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="EndedAt">When it ended; null while it goes on.</param>
internal sealed record StoredRun(
    string ThreadId, string Status, string? ErrorType, string? Error, int Attempt, long Events, DateTime CreatedAt, DateTime? EndedAt)
{
    private const string Sql =
        """
        select r.run_id, r.thread_id, r.status, r.error_type, r.error, greatest(r.attempt, coalesce(w.attempt, 0)),
               coalesce((select max(next_number) from run_events e where e.run_id = r.run_id), 0), r.created_at, r.ended_at
        from runs r left join run_work w using (run_id)
        """;

    /// <summary>All runs by id.</summary>
    public static async Task<Dictionary<string, StoredRun>> ReadAllAsync(NpgsqlConnection connection)
    {
        Dictionary<string, StoredRun> runs = [];
        await using var command = new NpgsqlCommand(Sql, connection) { CommandTimeout = 0 };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            runs[reader.GetGuid(0).ToString()] = new StoredRun(
                reader.GetGuid(1).ToString(), reader.GetString(2), Text(3), Text(4), reader.GetInt32(5), reader.GetInt64(6), reader.GetDateTime(7),
                reader.IsDBNull(8) ? null : reader.GetDateTime(8));
        }

        return runs;

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }
}
