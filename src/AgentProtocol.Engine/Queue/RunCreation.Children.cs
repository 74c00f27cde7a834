using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>What became of an attempt to start a child.</summary>
/// <param name="Kind">Whether it is there.</param>
/// <param name="Settle">How its parent must end, if that is why it was refused.</param>
/// <param name="SettleReason">Why its parent must end.</param>
internal readonly record struct ChildCreation(ChildCreationKind Kind, string? Settle = null, string? SettleReason = null);

/// <summary>Whether a child is there.</summary>
internal enum ChildCreationKind
{
    Created,

    /// <summary>An earlier attempt of the parent has started it.</summary>
    Found,

    /// <summary>The parent was told to stop.</summary>
    ParentStopped,

    /// <summary>The parent is not this execution's any more.</summary>
    ParentLost,

    /// <summary>Its thread is not there for it: the owner has another run on it, or it was created by another.</summary>
    ThreadTaken,
}

internal sealed partial class RunCreation
{
    /// <summary>
    /// A share lock, so that the parent is not told to stop before the child is to be seen by whoever stops children. One that
    /// stops at its next checkpoint may finish its step, and start children for it.
    /// </summary>
    private const string LockParentSql =
        "select nullif(settle, 'steer'), settle_reason from run_work where run_id = $1 and fence = $2 and state = 3 for share";

    private const string DepthSql =
        """
        with recursive line as (
            select parent_run_id, 1 as depth from runs where run_id = $1
            union all
            select r.parent_run_id, line.depth + 1 from line join runs r on r.run_id = line.parent_run_id where line.depth < $2)
        select max(depth) from line
        """;

    /// <summary>How many runs there are above and including a run, as far as a limit.</summary>
    public async Task<int> CountLineAsync(Guid runId, int limit, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var command = new NpgsqlCommand(DepthSql, connection).With(runId).With(limit);
        return await command.ExecuteScalarAsync(cancellationToken) as int? ?? 1;
    }

    /// <summary>
    /// Stores a child on a thread of its own, if its parent may start one. It is never born claimed: a node's row comes before
    /// work rows in the lock order, and here the parent's is held already.
    /// </summary>
    public async Task<ChildCreation> CreateChildAsync(NewRunRow run, NewThreadRow thread, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ThreadStore.CreateAsync(connection, thread, cancellationToken);
        var head = await LockHeadAsync(connection, run, cancellationToken);
        if (!head.Exists)
        {
            return new ChildCreation(ChildCreationKind.ThreadTaken);
        }

        if (await IsStoredAsync(connection, run.RunId, cancellationToken))
        {
            return new ChildCreation(ChildCreationKind.Found);
        }

        var refusal = await LockParentAsync(connection, run.Parent!.Value, cancellationToken);
        if (refusal is not null || head.ActiveRun is not null)
        {
            return refusal ?? new ChildCreation(ChildCreationKind.ThreadTaken);
        }

        await InsertAsync(connection, [new Given(run, Node: null, RunState.Ready)], isKnownToLive: true, cancellationToken);
        await transaction.CommitAsync(CancellationToken.None);
        return new ChildCreation(ChildCreationKind.Created);
    }

    private static async Task<ChildCreation?> LockParentAsync(
        NpgsqlConnection connection, ParentExecution parent, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(LockParentSql, connection).With(parent.RunId).With(parent.Fence);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return !await reader.ReadAsync(cancellationToken) ? new ChildCreation(ChildCreationKind.ParentLost)
            : reader.GetText(0) is { } settle ? new ChildCreation(ChildCreationKind.ParentStopped, settle, reader.GetText(1))
            : null;
    }
}
