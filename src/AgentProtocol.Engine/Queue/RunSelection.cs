using System.Runtime.CompilerServices;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Storage;
using Npgsql;
using NpgsqlTypes;

namespace AgentProtocol.Engine.Queue;

/// <summary>Finds the runs and threads that a request about many of them means.</summary>
internal sealed class RunSelection(ProtocolDatabase database)
{
    private const int Batch = 100;

    private const string NamedSql =
        """
        select r.run_id, w.run_id is not null from runs r left join run_work w using (run_id)
        where r.owner = $1 and r.thread_id = $2 and r.run_id = any($3) order by r.run_no
        """;

    /// <summary>Some of those that were there at a time: what is created meanwhile is not meant, and would make this endless.</summary>
    private const string InStateSql =
        """
        select w.run_id from run_work w join runs r using (run_id)
        where w.owner = $1 and r.created_at <= $2 and w.run_id > $3 and ($4::boolean is null or (w.state = 3) = $4)
        order by w.run_id limit $5
        """;

    private const string ThreadsSql =
        """
        select thread_id, active_run is not null from thread_heads
        where owner = $1 and thread_id = any($2) and (not disposable or active_run is not null)
        """;

    /// <summary>The runs that are meant, and whether each has yet to end. No connection is held between them.</summary>
    public async IAsyncEnumerable<(Guid RunId, bool IsActive)> ReadAsync(
        string owner, RunsCancel request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Status is not { } status)
        {
            foreach (var run in await ReadNamedAsync(owner, request.ThreadId!.Value, request.RunIds!, cancellationToken))
            {
                yield return run;
            }

            yield break;
        }

        var asOf = await ReadTimeAsync(cancellationToken);
        var page = await ReadInStateAsync(owner, status, asOf, Guid.Empty, cancellationToken);
        while (page.Count > 0)
        {
            foreach (var runId in page)
            {
                yield return (runId, true);
            }

            page = page.Count < Batch ? [] : await ReadInStateAsync(owner, status, asOf, page[^1], cancellationToken);
        }
    }

    /// <summary>Which of these threads there are, and whether each is busy.</summary>
    public async Task<Dictionary<Guid, bool>> ReadThreadsAsync(string owner, IReadOnlyList<Guid> threadIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ThreadsSql, connection).With(owner).WithColumn(threadIds, NpgsqlDbType.Uuid, id => id);
        return (await ReadPairsAsync(command, cancellationToken)).ToDictionary();
    }

    private async Task<IReadOnlyList<(Guid, bool)>> ReadNamedAsync(
        string owner, Guid threadId, IReadOnlyList<Guid> runIds, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(NamedSql, connection).With(owner).With(threadId).WithColumn(runIds, NpgsqlDbType.Uuid, id => id);
        return await ReadPairsAsync(command, cancellationToken);
    }

    private async Task<IReadOnlyList<Guid>> ReadInStateAsync(
        string owner, RunsCancelStatus status, DateTime asOf, Guid after, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(InStateSql, connection)
            .With(owner).With(asOf).With(after)
            .With(status == RunsCancelStatus.All ? (bool?)null : status == RunsCancelStatus.Running, NpgsqlDbType.Boolean).With(Batch);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> runs = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            runs.Add(reader.GetGuid(0));
        }

        return runs;
    }

    private async Task<DateTime> ReadTimeAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand("select now()", connection);
        return (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task<List<(Guid, bool)>> ReadPairsAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(Guid, bool)> pairs = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            pairs.Add((reader.GetGuid(0), reader.GetBoolean(1)));
        }

        return pairs;
    }
}
