using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Npgsql;

namespace AgentProtocol.Engine.Threads;

/// <summary>Threads and their state, as callers see them.</summary>
public sealed class ThreadService
{
    private readonly ProtocolDatabase database;
    private readonly ThreadStore store;
    private readonly ThreadReader reader;
    private readonly ThreadSearch search;
    private readonly ThreadEditor editor;
    private readonly Events.RunFeed feed;
    private readonly KeyReservations keys;

    internal ThreadService(
        ProtocolDatabase database, ThreadStore store, ThreadReader reader, ThreadSearch search, ThreadEditor editor, Events.RunFeed feed,
        KeyReservations keys)
    {
        (this.database, this.store, this.reader, this.search) = (database, store, reader, search);
        (this.editor, this.feed, this.keys) = (editor, feed, keys);
    }

    /// <summary>Creates a thread, or returns the existing one with <c>if_exists=do_nothing</c>.</summary>
    /// <exception cref="ProtocolException">The id exists already, here or for another owner.</exception>
    public Task<Thread> CreateAsync(string owner, ThreadCreate request, CancellationToken cancellationToken) =>
        CreateAsync(owner, request, key: null, cancellationToken);

    /// <summary>The same; a repetition with the same key returns the thread that the first request has created.</summary>
    /// <exception cref="ProtocolException">The id exists already, here or for another owner; its supersteps cannot be replayed; or the key was used with another request.</exception>
    public async Task<Thread> CreateAsync(string owner, ThreadCreate request, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        var row = new NewThreadRow
        {
            ThreadId = request.ThreadId ?? Guid.CreateVersion7(),
            Owner = owner,
            Metadata = request.Metadata is { ValueKind: JsonValueKind.Object } metadata ? metadata.GetRawText() : "{}",
            Filter = JsonFilter.Copy(request.Metadata, "metadata"),
            Ttl = ThreadTtl.Read(request.Ttl),
        };
        var reserved = key is null ? null : await keys.ReserveAsync(owner, key, runId: null, row.ThreadId, cancellationToken);
        row = row with { ThreadId = reserved?.ThreadId ?? row.ThreadId };
        if (request.Supersteps is { Count: > 0 })
        {
            if (await ThreadReplay.CreateAsync(database, row, request, cancellationToken))
            {
                return await GetAsync(owner, row.ThreadId, includeTtl: false, cancellationToken);
            }
        }
        else if (await store.CreateAnewAsync(row, cancellationToken) is { } createdAt)
        {
            return ThreadViews.New(row, createdAt).ToWire(includeTtl: false);
        }

        return (reserved is not null || request.IfExists == "do_nothing") && await reader.ReadAsync(owner, row.ThreadId, cancellationToken) is { } existing
            ? existing.ToWire(includeTtl: false)
            : throw ProtocolException.Conflict($"Thread {row.ThreadId} already exists");
    }

    /// <summary>Reads a thread. The thread of a stateless run is gone when the run has ended (wire-contract 4.4).</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public async Task<Thread> GetAsync(string owner, Guid threadId, bool includeTtl, CancellationToken cancellationToken) =>
        (await FindAsync(owner, threadId, cancellationToken)).ToWire(includeTtl);

    /// <summary>Merges metadata; values and messages go the way of a state update.</summary>
    /// <param name="owner">Who asks.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="patch">What to merge.</param>
    /// <param name="checkpointId">The checkpoint that values and messages are merged into; the current state when null.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <exception cref="ProtocolException">There is no such thread or checkpoint, a run is in flight, or the update cannot be merged.</exception>
    public Task PatchAsync(string owner, Guid threadId, ThreadPatch patch, Guid? checkpointId, CancellationToken cancellationToken) =>
        editor.PatchAsync(owner, threadId, patch, checkpointId, cancellationToken);

    /// <summary>Copies a thread with its state and its history; its runs stay behind.</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public async Task<Thread> CopyAsync(string owner, Guid threadId, CancellationToken cancellationToken)
    {
        var copyId = Guid.CreateVersion7();
        await using (var connection = await database.Source.OpenConnectionAsync(cancellationToken))
        {
            if (!await ThreadCopy.CopyAsync(connection, owner, threadId, metadata => ThreadViews.Copy(owner, copyId, metadata), cancellationToken))
            {
                throw ProtocolException.ThreadNotFound(threadId);
            }
        }

        return await GetAsync(owner, copyId, includeTtl: false, cancellationToken);
    }

    /// <summary>Deletes threads, or all but their latest state. Those that this owner does not have are skipped.</summary>
    /// <returns>How many threads there were to prune.</returns>
    public async Task<int> PruneAsync(string owner, IReadOnlyList<Guid> threadIds, bool keepLatest, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        var pruned = 0;
        foreach (var threadId in threadIds.Distinct())
        {
            if (!await ThreadReader.ExistsAsync(connection, owner, threadId, cancellationToken))
            {
                continue;
            }

            pruned += await PruneAsync(connection, owner, threadId, keepLatest, cancellationToken) ? 1 : 0;
        }

        return pruned;
    }

    /// <summary>Deletes a thread with its runs; those that execute are stopped.</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public async Task DeleteAsync(string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await FindAsync(owner, threadId, cancellationToken);
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await DeleteAsync(connection, threadId, cancellationToken);
    }

    /// <summary>Deletes all threads whose metadata contains an object, some at a time.</summary>
    internal async Task DeleteMatchingAsync(string owner, JsonElement metadata, CancellationToken cancellationToken)
    {
        var some = new ThreadSearchRequest { Metadata = metadata, Limit = 100, Select = ["thread_id"] };
        while (await search.SearchAsync(owner, some, cancellationToken) is { Items: { Count: > 0 } found })
        {
            await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
            foreach (var runId in await ThreadRemoval.DeleteAsync(connection, [.. found.Select(thread => thread.ThreadId)], cancellationToken))
            {
                feed.Wake(runId);
            }
        }
    }

    /// <summary>Finds threads. Members that are not selected are left out by the edge.</summary>
    public Task<ThreadPage> SearchAsync(string owner, ThreadSearchRequest request, CancellationToken cancellationToken) =>
        search.SearchAsync(owner, request, cancellationToken);

    /// <summary>Counts threads.</summary>
    public Task<long> CountAsync(string owner, ThreadSearchRequest request, CancellationToken cancellationToken) =>
        search.CountAsync(owner, request, cancellationToken);

    /// <summary>Reads the current state, or the state at a checkpoint.</summary>
    /// <exception cref="ProtocolException">There is no such thread or checkpoint.</exception>
    public async Task<ThreadState> GetStateAsync(string owner, Guid threadId, Guid? checkpointId, CancellationToken cancellationToken)
    {
        var thread = await FindAsync(owner, threadId, cancellationToken);
        if ((checkpointId ?? thread.Head.Head) is not { } id)
        {
            return ThreadMapping.EmptyState();
        }

        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        if (await CheckpointHistory.ReadOneAsync(connection, threadId, id, cancellationToken) is { } checkpoint)
        {
            return checkpointId is null
                ? (checkpoint with { State = PartialMessage.ShownBehind(checkpoint.State, thread.Partial) }).ToWire()
                : checkpoint.ToWire();
        }

        // The head that we read may have been rolled back since; a checkpoint that was asked for is simply unknown.
        return checkpointId is null
            ? await GetStateAsync(owner, threadId, null, cancellationToken)
            : throw CheckpointNotFound(threadId, id);
    }

    /// <summary>Merges an update into the state; 409 while a run is in flight.</summary>
    /// <param name="owner">Who asks.</param>
    /// <param name="threadId">The thread.</param>
    /// <param name="update">What to merge.</param>
    /// <param name="checkpointId">The checkpoint to go on from, which becomes the parent of the new head; the current one when null.</param>
    /// <param name="cancellationToken">Cancelled when nobody waits any more.</param>
    /// <exception cref="ProtocolException">There is no such thread or checkpoint, a run is in flight, or the update cannot be merged.</exception>
    public async Task<ThreadStateUpdateResponse> UpdateStateAsync(
        string owner, Guid threadId, ThreadStateUpdate update, Guid? checkpointId, CancellationToken cancellationToken)
    {
        var written = await editor.UpdateStateAsync(owner, threadId, update, checkpointId, cancellationToken);
        feed.Wake(threadId);
        return new ThreadStateUpdateResponse(new Checkpoint { ThreadId = threadId, CheckpointId = written });
    }

    /// <summary>Reads past states, newest first, while they are enumerated. Refusals come before the first.</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public IAsyncEnumerable<ThreadState> GetHistoryAsync(
        string owner, Guid threadId, ThreadHistoryRequest request, CancellationToken cancellationToken) =>
        ThreadHistory.ReadAsync(database, owner, threadId, request, cancellationToken);

    internal static ProtocolException CheckpointNotFound(Guid threadId, Guid checkpointId) =>
        new(ErrorCode.NotFound, $"Checkpoint {checkpointId} not found on thread {threadId}");

    private async Task<bool> PruneAsync(
        NpgsqlConnection connection, string owner, Guid threadId, bool keepLatest, CancellationToken cancellationToken)
    {
        if (keepLatest)
        {
            return await ThreadPruning.KeepLatestAsync(connection, owner, threadId, cancellationToken);
        }

        await DeleteAsync(connection, threadId, cancellationToken);
        return true;
    }

    private async Task DeleteAsync(NpgsqlConnection connection, Guid threadId, CancellationToken cancellationToken)
    {
        foreach (var runId in await ThreadRemoval.DeleteAsync(connection, [threadId], cancellationToken))
        {
            feed.Wake(runId);
        }

        feed.Wake(threadId);
    }

    private async Task<ThreadView> FindAsync(string owner, Guid threadId, CancellationToken cancellationToken) =>
        await reader.ReadAsync(owner, threadId, cancellationToken) is { } thread && !thread.Row.IsGone(thread.Head)
            ? thread
            : throw ProtocolException.ThreadNotFound(threadId);
}

/// <summary>A page of threads.</summary>
/// <param name="Items">The threads of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record ThreadPage(IReadOnlyList<Thread> Items, long Total);
