using System.Data;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Copies a thread with its whole history. Nothing is shared, and nothing of the source is locked.</summary>
internal static class ThreadCopy
{
    /// <summary>A long history is one long statement.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private const string MetadataSql =
        """
        select t.metadata from threads t join thread_heads h using (thread_id)
        where t.thread_id = $1 and t.owner = $2 and not (t.temporary and h.active_run is null and (h.head_n > 0 or h.disposable))
        """;

    /// <summary>
    /// The committed state as of one moment, also while a run goes on. Runs stay where they are: of them the copy keeps
    /// what its checkpoints say. Nothing can be rolled back on it, so that replaced heads are left out, and its stream of
    /// events begins with its own first run or edit.
    /// </summary>
    private const string CopySql =
        """
        with thread as (
            insert into threads (thread_id, owner, metadata, filter) values ($2, $3, $4, $5::jsonb)),
        head as (
            insert into thread_heads
                (thread_id, owner, agent, assistant_id, head, head_n, last_n, segment, "values", value_filter, state_updated_at, status)
            select $2, owner, agent, assistant_id, head, head_n, last_n, segment, "values", value_filter, state_updated_at,
                   case when exists (select from pauses p where p.thread_id = $1 and p.checkpoint_id = h.head) then 'interrupted' else 'idle' end
            from thread_heads h where thread_id = $1),
        pause as (
            insert into pauses (thread_id, checkpoint_id, owner, node, interrupts)
            select $2, checkpoint_id, owner, node, interrupts from pauses where thread_id = $1),
        checkpoint as (
            insert into checkpoints
                (thread_id, n, id, owner, parent_id, run_id, step, source, node, segment, delta, snapshot, agent, assistant_id, created_at)
            select $2, n, id, owner, parent_id, run_id, step, source, node, segment, delta, snapshot, agent, assistant_id, created_at
            from checkpoints where thread_id = $1)
        insert into checkpoint_runs (thread_id, run_id, owner, agent, assistant_id, metadata)
        select $2, r.run_id, r.owner, r.agent, r.assistant_id, r.metadata
        from (select distinct run_id from checkpoints where thread_id = $1) c join runs r using (run_id) where r.thread_id = $1
        union all
        select $2, run_id, owner, agent, assistant_id, metadata from checkpoint_runs where thread_id = $1
        """;

    /// <summary>Copies a thread; the row of the copy is made from the source's metadata. False when this owner has no such thread.</summary>
    public static async Task<bool> CopyAsync(
        NpgsqlConnection connection, string owner, Guid sourceId, Func<string, NewThreadRow> toCopy, CancellationToken cancellationToken)
    {
        // Both statements see the same moment; rows are only added, so that nothing can fail to serialize.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var read = new NpgsqlCommand(MetadataSql, connection).With(sourceId).With(owner);
        if (await read.ExecuteScalarAsync(cancellationToken) is not string metadata)
        {
            return false;
        }

        var copy = toCopy(metadata);
        await using var command = new NpgsqlCommand(CopySql, connection) { CommandTimeout = (int)Patience.TotalSeconds }
            .With(sourceId).With(copy.ThreadId).With(copy.Owner).With(copy.Metadata).With(copy.Filter);
        await command.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }
}
