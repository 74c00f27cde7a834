using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>Stops runs on request: a running one is told to stop, any other ends at once.</summary>
internal sealed class RunCancellation(ProtocolDatabase database)
{
    /// <summary>Completion wins against an interrupt; a committed rollback is never softened.</summary>
    private const string SignalSql =
        """
        update run_work
        set settle = case when settle = 'rollback' then settle else $2 end, settle_reason = coalesce(settle_reason, $3),
            signal_no = signal_no + 1
        where run_id = $1 and state = 3
        returning node
        """;

    private const string TakeAwaySql =
        """
        update run_work set state = 2, node = null, fence = fence + 1, priority = -1, available_at = now()
        where run_id = $1 and state = 3 and settle is not null
        """;

    /// <summary>Nobody's but the execution's that has the parent: another attempt may be waiting for the same children.</summary>
    private const string ChildrenSql =
        """
        select c.run_id from run_work c join run_work p on p.run_id = c.parent_run_id
        where p.run_id = $1 and p.fence = $2 and p.state = 3
        """;

    private const string LockHeadSql =
        "select h.thread_id from thread_heads h join runs r using (thread_id) where r.run_id = $1 for no key update of h";

    /// <summary>The children of a run that have not ended; none when the execution has lost the run.</summary>
    public async Task<IReadOnlyList<Guid>> FindChildrenAsync(ParentExecution parent, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(ChildrenSql, connection).With(parent.RunId).With(parent.Fence);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Guid> children = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            children.Add(reader.GetGuid(0));
        }

        return children;
    }

    /// <summary>Cancels a run that the caller is known to own.</summary>
    /// <returns>What to tell others; nothing when the run had ended already.</returns>
    public async Task<SettlementEffects> CancelAsync(Guid runId, CancelAction action, string reason, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await SignalAsync(connection, runId, action, reason, cancellationToken)
            ?? await EndIdleAsync(connection, runId, action, reason, byForce: false, cancellationToken);
    }

    /// <summary>
    /// Takes a run that was told to stop away from an executor that does not answer, and ends it as it was told. Whatever
    /// the executor still writes meets a higher fence.
    /// </summary>
    public async Task<SettlementEffects> EndByForceAsync(Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        return await EndIdleAsync(connection, runId, CancelAction.Interrupt, "Cancelled by a caller", byForce: true, cancellationToken);
    }

    private static async Task<SettlementEffects?> SignalAsync(
        NpgsqlConnection connection, Guid runId, CancelAction action, string reason, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(SignalSql, connection)
            .With(runId).With(action == CancelAction.Rollback ? "rollback" : "interrupt").With(reason);
        return await command.ExecuteScalarAsync(cancellationToken) is Guid node
            ? new SettlementEffects { Signalled = [(runId, node)] }
            : null;
    }

    private static async Task<SettlementEffects> EndIdleAsync(
        NpgsqlConnection connection, Guid runId, CancelAction action, string reason, bool byForce, CancellationToken cancellationToken)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var lockHead = new NpgsqlCommand(LockHeadSql, connection).With(runId);
        if (await lockHead.ExecuteScalarAsync(cancellationToken) is not Guid threadId)
        {
            return SettlementEffects.None;
        }

        SettlementEffects effects;
        var work = await ThreadSettlement.LockWorkAsync(connection, threadId, runId, cancellationToken);
        if (work.Count == 0)
        {
            // It has ended: cancelling it is a success without effect.
            return SettlementEffects.None;
        }

        if (byForce)
        {
            await using var takeAway = new NpgsqlCommand(TakeAwaySql, connection).With(runId);
            await takeAway.ExecuteNonQueryAsync(cancellationToken);
            work = await ThreadSettlement.LockWorkAsync(connection, threadId, runId, cancellationToken);
        }

        switch (work[0].State)
        {
            case RunState.Running:
                effects = await SignalAsync(connection, runId, action, reason, cancellationToken) ?? SettlementEffects.None;
                break;

            case var state:
                await ThreadSettlement.EndIdleAsync(
                    connection, threadId, runId, action == CancelAction.Rollback || work[0].MustRollBack, reason, superseded: false, cancellationToken);
                var promoted = state == RunState.Waiting ? null : await ThreadSettlement.PassOnAsync(connection, threadId, cancellationToken);
                effects = new SettlementEffects { Ended = [runId], Promoted = promoted };
                break;
        }

        await transaction.CommitAsync(cancellationToken);
        return effects;
    }
}
