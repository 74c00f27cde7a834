using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Edits of runs outside of their execution.</summary>
internal sealed class RunRemoval(ProtocolDatabase database)
{
    private const string DisconnectSql =
        "update run_work set disconnect_at = now() + $3 where run_id = $1 and owner = $2 and disconnect_at is null";

    private const string LockHeadSql = "select 1 from thread_heads where thread_id = $1 for no key update";

    /// <summary>
    /// The run's checkpoints stay, with what they say about it: what it contributed is the thread's state, and later states
    /// build on it.
    /// </summary>
    private const string DeleteSql =
        $"""
        with run as (delete from runs where run_id = $1 and status <> 'active' returning *),
        known as (
            insert into checkpoint_runs (thread_id, run_id, owner, agent, assistant_id, metadata)
            select thread_id, run_id, owner, agent, assistant_id, metadata from run),
        {ThreadRemoval.DisposeOfChildren},
        event as (delete from run_events e using run where e.run_id = run.run_id),
        told as (delete from run_updates u using run where u.run_id = run.run_id returning u.delivered_at),
        key as (delete from idempotency_keys k using run where k.run_id = run.run_id)
        update thread_heads h
        set unmerged = h.unmerged - case when run.unmerged then 1 else 0 end - (select count(*) from told where delivered_at is null)
        from run
        where h.thread_id = run.thread_id and (run.unmerged or exists (select from told where delivered_at is null))
        """;

    /// <summary>Starts the grace after which a run without a reader is cancelled.</summary>
    public async Task MarkDisconnectedAsync(string owner, Guid runId, TimeSpan grace)
    {
        await using var connection = await database.Source.OpenConnectionAsync();
        await using var command = new NpgsqlCommand(DisconnectSql, connection).With(runId).With(owner).With(grace);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Deletes an ended run and its events.</summary>
    public async Task DeleteAsync(Guid threadId, Guid runId, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var lockHead = new NpgsqlCommand(LockHeadSql, connection).With(threadId);
        await lockHead.ExecuteNonQueryAsync(cancellationToken);
        await using var delete = new NpgsqlCommand(DeleteSql, connection).With(runId);
        await delete.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }
}
