using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Storage;

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

    internal ThreadService(
        ProtocolDatabase database, ThreadStore store, ThreadReader reader, ThreadSearch search, ThreadEditor editor, Events.RunFeed feed) =>
        (this.database, this.store, this.reader, this.search, this.editor, this.feed) = (database, store, reader, search, editor, feed);

    /// <summary>Creates a thread, or returns the existing one with <c>if_exists=do_nothing</c>.</summary>
    /// <exception cref="ProtocolException">The id exists already, here or for another owner.</exception>
    public async Task<Thread> CreateAsync(string owner, ThreadCreate request, CancellationToken cancellationToken)
    {
        var row = new NewThreadRow
        {
            ThreadId = request.ThreadId ?? Guid.CreateVersion7(),
            Owner = owner,
            Metadata = request.Metadata is { ValueKind: JsonValueKind.Object } metadata ? metadata.GetRawText() : "{}",
            Filter = JsonFilter.Copy(request.Metadata, "metadata"),
            Ttl = ThreadTtl.Read(request.Ttl),
        };
        if (await store.CreateAnewAsync(row, cancellationToken) is { } createdAt)
        {
            return ThreadViews.New(row, createdAt).ToWire(includeTtl: false);
        }

        return request.IfExists == "do_nothing" && await reader.ReadAsync(owner, row.ThreadId, cancellationToken) is { } existing
            ? existing.ToWire(includeTtl: false)
            : throw ProtocolException.Conflict($"Thread {row.ThreadId} already exists");
    }

    /// <summary>Reads a thread. The thread of a stateless run is gone when the run has ended (wire-contract 4.4).</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public async Task<Thread> GetAsync(string owner, Guid threadId, bool includeTtl, CancellationToken cancellationToken) =>
        (await FindAsync(owner, threadId, cancellationToken)).ToWire(includeTtl);

    /// <summary>Merges metadata; values and messages go the way of a state update.</summary>
    /// <exception cref="ProtocolException">There is no such thread, a run is in flight, or the update cannot be merged.</exception>
    public async Task<Thread> PatchAsync(string owner, Guid threadId, ThreadPatch patch, CancellationToken cancellationToken)
    {
        await editor.PatchAsync(owner, threadId, patch, cancellationToken);
        return await GetAsync(owner, threadId, includeTtl: false, cancellationToken);
    }

    /// <summary>Deletes a thread with its runs; those that execute are stopped.</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public async Task DeleteAsync(string owner, Guid threadId, CancellationToken cancellationToken)
    {
        await FindAsync(owner, threadId, cancellationToken);
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        foreach (var runId in await ThreadRemoval.DeleteAsync(connection, [threadId], cancellationToken))
        {
            feed.Wake(runId);
        }

        feed.Wake(threadId);
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
            return checkpoint.ToWire();
        }

        // The head that we read may have been rolled back since; a checkpoint that was asked for is simply unknown.
        return checkpointId is null
            ? await GetStateAsync(owner, threadId, null, cancellationToken)
            : throw new ProtocolException(ErrorCode.NotFound, $"Checkpoint {id} not found on thread {threadId}");
    }

    /// <summary>Merges an update into the state; 409 while a run is in flight.</summary>
    /// <exception cref="ProtocolException">There is no such thread, a run is in flight, or the update cannot be merged.</exception>
    public async Task<ThreadStateUpdateResponse> UpdateStateAsync(
        string owner, Guid threadId, ThreadStateUpdate update, CancellationToken cancellationToken)
    {
        var checkpointId = await editor.UpdateStateAsync(owner, threadId, update, cancellationToken);
        feed.Wake(threadId);
        return new ThreadStateUpdateResponse(new Checkpoint { ThreadId = threadId, CheckpointId = checkpointId });
    }

    /// <summary>Reads past states, newest first.</summary>
    /// <exception cref="ProtocolException">There is no such thread.</exception>
    public async Task<IReadOnlyList<ThreadState>> GetHistoryAsync(
        string owner, Guid threadId, ThreadHistoryRequest request, CancellationToken cancellationToken)
    {
        await FindAsync(owner, threadId, cancellationToken);
        return await ThreadHistory.ReadAsync(database, threadId, request, cancellationToken);
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
