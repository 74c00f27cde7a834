using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage.Rows;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Storage;

/// <summary>Reads single runs. Polling is what clients do most, so concurrent reads share a statement.</summary>
internal sealed class RunLookup
{
    private const int MaxBatch = 200;

    private const string ReadSql =
        """
        select r.run_id, r.owner, r.thread_id, r.run_no, r.agent, r.assistant_id, r.request, r.metadata, r.strategy, r.stateless, r.status,
               r.error_type, r.error, coalesce(w.usage, r.usage), coalesce(w.progress, r.progress), r.attempt, r.event_count,
               r.created_at, r.ended_at, w.state, r.assistant, r.thread_config, coalesce(w.updates, r.updates), r.parent_run_id
        from runs r left join run_work w using (run_id)
        where r.run_id = any($1)
        """;

    private readonly ProtocolDatabase database;
    private readonly GroupCommit<Guid, RunView?> reads;

    public RunLookup(ProtocolDatabase database)
    {
        this.database = database;
        reads = new(MaxBatch, ReadAsync);
    }

    /// <summary>A run, if this owner has it.</summary>
    public async Task<RunView?> ReadAsync(string owner, Guid runId) =>
        await reads.SubmitAsync(runId) is { } run && run.Row.Owner == owner ? run : null;

    private async Task<IReadOnlyList<RunView?>> ReadAsync(IReadOnlyList<Guid> runIds)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        var found = await ReadAsync(connection, runIds, CancellationToken.None);
        return [.. runIds.Select(found.GetValueOrDefault)];
    }

    /// <summary>Runs of any owner, as a transaction sees them that decides about them.</summary>
    public static async Task<Dictionary<Guid, RunView>> ReadAsync(
        NpgsqlConnection connection, IReadOnlyList<Guid> runIds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection).WithColumn(runIds, NpgsqlDbType.Uuid, id => id);
        Dictionary<Guid, RunView> found = [];
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                found.TryAdd(reader.GetGuid(0), Read(reader));
            }
        }

        foreach (var (runId, updates) in await UpdateReader.ReadAsync(connection, [.. found.Values.Where(run => run.Row.Updates > 0).Select(run => run.Row.RunId)], cancellationToken))
        {
            found[runId] = found[runId] with { Updates = updates };
        }

        return found;
    }

    private static RunView Read(NpgsqlDataReader reader) => new(
        new RunRow
        {
            RunId = reader.GetGuid(0),
            Owner = reader.GetString(1),
            ThreadId = reader.GetGuid(2),
            RunNo = reader.GetInt64(3),
            Agent = reader.GetString(4),
            AssistantId = reader.GetGuid(5),
            Request = reader.GetString(6),
            Metadata = reader.GetString(7),
            Strategy = reader.GetString(8),
            Stateless = reader.GetBoolean(9),
            Status = reader.GetString(10),
            ErrorType = reader.GetText(11),
            Error = reader.GetText(12),
            Usage = reader.GetText(13),
            Progress = reader.GetText(14),
            Attempt = reader.GetInt32(15),
            EventCount = reader.GetNullable<long>(16),
            CreatedAt = reader.GetDateTime(17),
            EndedAt = reader.GetNullable<DateTime>(18),
            Assistant = reader.GetText(20),
            ThreadConfig = reader.GetText(21),
            Updates = reader.GetInt32(22),
            ParentRunId = reader.GetNullable<Guid>(23),
        },
        reader.IsDBNull(19) ? null : (RunState)reader.GetInt16(19));
}
