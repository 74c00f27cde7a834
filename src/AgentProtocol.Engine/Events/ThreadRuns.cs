using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Events;

/// <summary>A run as a reader of its thread meets it.</summary>
/// <param name="RunId">The run.</param>
/// <param name="RunNo">Its number on the thread.</param>
/// <param name="Agent">Its agent.</param>
/// <param name="Status">The text stored in <c>runs.status</c>.</param>
/// <param name="Error">Why it failed; null unless it failed.</param>
/// <param name="Position">How long its log is.</param>
/// <param name="IsLast">Whether no later run exists yet.</param>
internal sealed record ThreadRun(Guid RunId, long RunNo, string Agent, string Status, string? Error, long Position, bool IsLast)
{
    /// <summary>Whether no more events follow.</summary>
    public bool HasEnded => Status != "active";
}

/// <summary>An edit of a thread's state between its runs.</summary>
/// <param name="N">The number of the checkpoint it made.</param>
/// <param name="AfterRun">The number of the last run before it.</param>
/// <param name="State">The state after it.</param>
internal sealed record ThreadEdit(int N, long AfterRun, StateValues State);

/// <summary>Reads which runs and edits of a thread a reader has to go through.</summary>
internal sealed class ThreadRuns(ProtocolDatabase database)
{
    private const string OwnerSql = "select owner from threads where thread_id = $1";

    private const string NextSql =
        """
        select r.run_id, r.run_no, r.agent, r.status, case when r.error_type is not null then r.error end,
               coalesce(r.event_count, w.next_event, 0), not exists (select from runs l where l.thread_id = $1 and l.run_no > r.run_no)
        from runs r left join run_work w using (run_id)
        where r.thread_id = $1 and r.run_no >= $2 and r.owner = $3 order by r.run_no limit 1
        """;

    /// <summary>The slot holder is the oldest run that has not ended.</summary>
    private const string CurrentSql =
        """
        select coalesce(
            (select run_no from run_work where thread_id = $1 and state > 0),
            (select max(run_no) from runs where thread_id = $1 and (event_count > 0 or status = 'active')),
            (select max(run_no) from runs where thread_id = $1), 0)
        """;

    private const string LastSql = "select run_no, last_n from thread_heads where thread_id = $1";

    private const int EditsPerRead = 100;

    private const string EditsSql =
        """
        select id, n, after_run from checkpoints
        where thread_id = $1 and after_run between $2 and $3 and n > $4 and owner = $5 order by n limit $6
        """;

    /// <summary>Whose a thread is; null when it does not exist.</summary>
    public async Task<string?> ReadOwnerAsync(Guid threadId, CancellationToken cancellationToken) =>
        await ScalarAsync(OwnerSql, threadId, cancellationToken) as string;

    /// <summary>The number of the run that is current: the oldest that has not ended, else the latest that said something.</summary>
    public async Task<long> ReadCurrentAsync(Guid threadId, CancellationToken cancellationToken) =>
        (long)(await ScalarAsync(CurrentSql, threadId, cancellationToken))!;

    /// <summary>The numbers of the thread's latest run and of its latest checkpoint; 0 where there is none.</summary>
    public async Task<(long RunNo, int CheckpointN)> ReadLastAsync(Guid threadId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(LastSql, connection).With(threadId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? (reader.GetInt64(0), reader.GetInt32(1)) : default;
    }

    /// <summary>The first run with at least a number; null when there is none.</summary>
    public async Task<ThreadRun?> ReadNextAsync(string owner, Guid threadId, long fromRunNo, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(NextSql, connection).With(threadId).With(fromRunNo).With(owner);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new ThreadRun(
                reader.GetGuid(0), reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetText(4), reader.GetInt64(5), reader.GetBoolean(6))
            : null;
    }

    /// <summary>Edits behind some of the runs, above a checkpoint number, as far as one read goes.</summary>
    public async Task<IReadOnlyList<ThreadEdit>> ReadEditsAsync(
        string owner, Guid threadId, long fromRunNo, long toRunNo, int aboveN, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(EditsSql, connection)
            .With(threadId).With(fromRunNo).With(toRunNo).With(aboveN).With(owner).With(EditsPerRead);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(Guid Id, int N, long AfterRun)> found = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            found.Add((reader.GetGuid(0), reader.GetInt32(1), reader.GetInt64(2)));
        }

        await reader.DisposeAsync();
        var states = await CheckpointReader.ReadStatesAsync(connection, threadId, [.. found.Select(edit => edit.Id)], cancellationToken);
        return [.. found.Where(edit => states.ContainsKey(edit.Id)).Select(edit => new ThreadEdit(edit.N, edit.AfterRun, states[edit.Id]))];
    }

    private async Task<object?> ScalarAsync(string sql, Guid threadId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection).With(threadId);
        return await command.ExecuteScalarAsync(cancellationToken);
    }
}
