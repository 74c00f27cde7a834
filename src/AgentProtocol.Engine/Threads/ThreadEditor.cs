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
    public async Task PatchAsync(string owner, Guid threadId, ThreadPatch patch, Guid? checkpointId, CancellationToken cancellationToken)
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
            var edits = await BeginAsync(connection, owner, threadId, head, checkpointId, cancellationToken);
            Edit(edits, node: null, (state, delta) => StateReducer.ApplyMessages(
                StateReducer.ApplyAll(state, patch.Values ?? default, delta), patch.Messages ?? default, "messages", delta));
            await edits.WriteAsync(connection, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    public async Task<Guid> UpdateStateAsync(
        string owner, Guid threadId, ThreadStateUpdate update, Guid? checkpointId, CancellationToken cancellationToken)
    {
        var node = NodeName(update.AsNode, "as_node");
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var head = await LockAsync(connection, owner, threadId, cancellationToken);
        if (head.Origin.Agent is null)
        {
            throw new ProtocolException(ErrorCode.BadRequest, $"Thread {threadId} has no graph_id: no agent has run on it, and its metadata names none");
        }

        var edits = await BeginAsync(connection, owner, threadId, head, checkpointId, cancellationToken);
        Edit(edits, node, (state, delta) => StateReducer.ApplyAll(state, update.Values ?? default, delta));
        var id = await edits.WriteAsync(connection, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return id;
    }

    /// <summary>Checks the name of a step that a caller gives.</summary>
    public static string? NodeName(string? name, string field) => name is null || PlainText.Clean(name) == name
        ? name
        : throw ProtocolException.InvalidField(field, "must not hold NUL characters or halves of surrogate pairs");

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

    /// <summary>Where an edit goes on: at the head, or at a checkpoint of the past.</summary>
    private static async Task<StateEdits> BeginAsync(
        NpgsqlConnection connection, string owner, Guid threadId, LockedHead head, Guid? checkpointId, CancellationToken cancellationToken)
    {
        if (head.ActiveRun is not null)
        {
            throw ProtocolException.Conflict($"Thread {threadId} is busy: its state can be edited when its runs have ended");
        }

        var position = checkpointId is { } id
            ? await ContinuationReader.ReadAtAsync(connection, threadId, id, cancellationToken) ?? throw ThreadService.CheckpointNotFound(threadId, id)
            : await ContinuationReader.ReadHeadAsync(connection, threadId, cancellationToken);
        return new StateEdits(owner, threadId, head.Origin, position);
    }

    private static void Edit(StateEdits edits, string? node, Func<StateValues, StateDelta, StateValues> change)
    {
        var delta = new StateDelta();
        try
        {
            edits.Add("update", node, change(edits.State, delta), delta);
        }
        catch (StateUpdateException exception)
        {
            var path = exception.Path.StartsWith("messages", StringComparison.Ordinal) ? "values." + exception.Path : exception.Path;
            throw ProtocolException.InvalidField(path, exception.Problem);
        }
    }
}
