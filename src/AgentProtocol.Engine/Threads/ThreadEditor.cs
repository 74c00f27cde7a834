using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Threads;

/// <summary>Edits of threads by callers, each one transaction under the head's lock.</summary>
internal sealed class ThreadEditor(ProtocolDatabase database)
{
    public async Task PatchAsync(string owner, Guid threadId, ThreadPatch patch, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var head = await LockAsync(connection, owner, threadId, cancellationToken);
        if (patch.Metadata is { ValueKind: JsonValueKind.Object } || patch.Ttl is not null)
        {
            await MergeMetadataAsync(connection, owner, threadId, patch, cancellationToken);
        }

        if (patch.Values is { ValueKind: not JsonValueKind.Null } || patch.Messages is { ValueKind: not JsonValueKind.Null })
        {
            await WriteAsync(connection, owner, threadId, head, node: null, (state, delta) =>
            {
                state = StateReducer.Apply(state, patch.Values ?? default, delta);
                return StateReducer.ApplyMessages(state, patch.Messages ?? default, "messages", delta);
            }, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<Guid> UpdateStateAsync(string owner, Guid threadId, ThreadStateUpdate update, CancellationToken cancellationToken)
    {
        if (update.AsNode is { } name && PlainText.Clean(name) != name)
        {
            throw ProtocolException.InvalidField("as_node", "must not hold NUL characters or halves of surrogate pairs");
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var head = await LockAsync(connection, owner, threadId, cancellationToken);
        if (!head.HasAgent)
        {
            throw new ProtocolException(ErrorCode.BadRequest, $"Thread {threadId} has no graph_id: no agent has run on it, and its metadata names none");
        }

        var id = await WriteAsync(connection, owner, threadId, head, update.AsNode, (state, delta) =>
            update.Values is { ValueKind: JsonValueKind.Array } several
                ? several.EnumerateArray().Aggregate(state, (merged, each) => StateReducer.Apply(merged, each, delta))
                : StateReducer.Apply(state, update.Values ?? default, delta), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return id;
    }

    private static async Task MergeMetadataAsync(
        NpgsqlConnection connection, string owner, Guid threadId, ThreadPatch patch, CancellationToken cancellationToken)
    {
        // The head is locked, and metadata is only written under that lock.
        var metadata = await ThreadStore.ReadMetadataAsync(connection, threadId, cancellationToken);
        var merged = JsonText.Merge(JsonText.Parse(metadata), patch.Metadata ?? default);
        var filter = JsonFilter.Copy(JsonText.Parse(merged), "metadata");
        var changed = new NewThreadRow { ThreadId = threadId, Owner = owner, Metadata = merged, Filter = filter, Ttl = ThreadTtl.Read(patch.Ttl) };
        await ThreadStore.UpdateMetadataAsync(connection, changed, cancellationToken);
    }

    private static async Task<LockedHead> LockAsync(
        NpgsqlConnection connection, string owner, Guid threadId, CancellationToken cancellationToken) =>
        await ThreadStore.LockHeadAsync(connection, owner, threadId, cancellationToken) ?? throw ProtocolException.ThreadNotFound(threadId);

    private static async Task<Guid> WriteAsync(
        NpgsqlConnection connection, string owner, Guid threadId, LockedHead head, string? node,
        Func<StateValues, StateDelta, StateValues> change, CancellationToken cancellationToken)
    {
        if (head.ActiveRun is not null)
        {
            throw ProtocolException.Conflict($"Thread {threadId} is busy: its state can be edited when its runs have ended");
        }

        var before = await CheckpointReader.ReadSegmentAsync(connection, threadId, head.Segment, head.HeadN, cancellationToken);
        var delta = new StateDelta();
        try
        {
            var after = change(before.State, delta);
            return await ThreadStore.WriteUpdateAsync(connection, owner, threadId, head, before, after, delta, node, cancellationToken);
        }
        catch (StateUpdateException exception)
        {
            var path = exception.Path.StartsWith("messages", StringComparison.Ordinal) ? "values." + exception.Path : exception.Path;
            throw ProtocolException.InvalidField(path, exception.Problem);
        }
    }
}
