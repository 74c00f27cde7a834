using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Queue;

/// <summary>
/// Inputs of runs that were superseded before they started, and updates that a run has ended without. The next run of the thread merges them first; where no run
/// follows, they become an edit of the state, so that what a user said is never lost.
/// </summary>
internal static class LeftInputs
{
    /// <summary>Nothing comes between a question and its answer.</summary>
    private const string HeadSql =
        """
        select h.owner from thread_heads h
        where h.thread_id = $1 and h.active_run is null and h.unmerged > 0
          and not exists (select from pauses p where p.thread_id = h.thread_id and p.checkpoint_id = h.head)
        """;

    private const string TakeSql =
        """
        with inputs as (update runs set unmerged = false where thread_id = $1 and unmerged returning run_no, 0 as n, request),
        updates as (
            update run_updates set delivered_at = now() where thread_id = $1 and delivered_at is null returning run_no, n, request),
        head as (update thread_heads set unmerged = 0 where thread_id = $1)
        select request from (select * from inputs union all select * from updates) taken order by run_no, n
        """;

    /// <summary>Merges what is left behind, if the thread is free. The head is locked.</summary>
    public static async Task MergeOnFreeThreadAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(HeadSql, connection).With(threadId);
        if (await command.ExecuteScalarAsync(cancellationToken) is not string owner
            || await ThreadStore.LockHeadAsync(connection, owner, threadId, cancellationToken) is not { } head)
        {
            return;
        }

        var position = await ContinuationReader.ReadHeadAsync(connection, threadId, cancellationToken);
        var edits = new StateEdits(owner, threadId, head.Origin, position);
        var delta = new StateDelta();
        var after = edits.State;
        foreach (var request in await TakeAsync(connection, threadId, cancellationToken))
        {
            after = RunRequest.Parse(request).MergeInputIfPossible(after, delta);
        }

        if (!delta.IsEmpty)
        {
            edits.Add("update", node: null, after, delta);
            await edits.WriteAsync(connection, cancellationToken);
        }
    }

    private static async Task<IReadOnlyList<string>> TakeAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TakeSql, connection).With(threadId);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> requests = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            requests.Add(reader.GetString(0));
        }

        return requests;
    }
}
