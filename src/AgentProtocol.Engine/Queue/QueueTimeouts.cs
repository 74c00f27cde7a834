using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>Ends runs that nobody has started in time. Any number of nodes may do so at once.</summary>
internal sealed class QueueTimeouts(ProtocolDatabase database)
{
    private const int Batch = 100;

    /// <summary>The first claim of a run takes its limit away.</summary>
    private const string LateSql =
        $"select w.run_id, w.thread_id from run_work w where w.start_by <= now() and {NothingStopsForIt} order by w.start_by limit $1";

    /// <summary>A run for whose sake the one before it is being stopped has as good as started.</summary>
    private const string NothingStopsForIt =
        "not exists (select from run_work a where a.thread_id = w.thread_id and a.state = 3 and a.settle is not null)";

    private const string LockHeadSql = "select 1 from thread_heads where thread_id = $1 for no key update";

    /// <summary>Looks again under the lock of the head: a claim in flight is waited for, and wins.</summary>
    private const string LockLateSql =
        $"""
        select w.state, w.start_by - r.created_at, r.request, r.agent, now() from run_work w join runs r using (run_id)
        where w.run_id = $1 and w.state < 3 and w.attempt = 0 and w.start_by <= now() and {NothingStopsForIt} for no key update of w
        """;

    /// <summary>Some of the runs whose wait is over.</summary>
    public async Task<IReadOnlyList<(Guid RunId, Guid ThreadId)>> FindAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(LateSql, connection).With(Batch);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<(Guid, Guid)> late = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            late.Add((reader.GetGuid(0), reader.GetGuid(1)));
        }

        return late;
    }

    /// <summary>Ends a run whose wait is over. Its input is left to its thread, like that of a run that was superseded before it started.</summary>
    /// <returns>What to tell others; nothing when it was started or cancelled meanwhile.</returns>
    public async Task<SettlementEffects> EndAsync(Guid runId, Guid threadId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using (var lockHead = new NpgsqlCommand(LockHeadSql, connection).With(threadId))
        {
            await lockHead.ExecuteScalarAsync(cancellationToken);
        }

        if (await LockLateAsync(connection, runId, cancellationToken) is not { } late)
        {
            return SettlementEffects.None;
        }

        var outcome = RunOutcome.NeverStarted(late.Waited);
        await ThreadSettlement.EndIdleAsync(
            connection, threadId, runId, outcome, EndFrames.Of(0, 0, outcome, late.Agent, late.Now), keepsInput: true, cancellationToken);
        var promoted = late.State == RunState.Waiting ? null : await ThreadSettlement.PassOnAsync(connection, threadId, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return new SettlementEffects { Ended = [runId], Promoted = promoted };
    }

    private static async Task<LateRun?> LockLateAsync(NpgsqlConnection connection, Guid runId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockLateSql, connection).With(runId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new LateRun(
                (RunState)reader.GetInt16(0), reader.GetTimeSpan(1) - RunRequest.Parse(reader.GetString(2)).Delay, reader.GetString(3), reader.GetDateTime(4))
            : null;
    }

    /// <param name="State">Where it is.</param>
    /// <param name="Waited">How long it may have waited behind its delay.</param>
    /// <param name="Agent">Its agent.</param>
    /// <param name="Now">The database's time.</param>
    private sealed record LateRun(RunState State, TimeSpan Waited, string Agent, DateTimeOffset Now);
}
