using AgentProtocol.Contracts.Threads;

namespace AgentProtocol.Engine.Threads;

/// <summary>Threads and their state, as callers see them.</summary>
public sealed class ThreadService
{
    /// <summary>Creates a thread, or returns the existing one with <c>if_exists=do_nothing</c>.</summary>
    public Task<Thread> CreateAsync(string owner, ThreadCreate request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads a thread.</summary>
    public Task<Thread> GetAsync(string owner, Guid threadId, bool includeTtl, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Merges metadata; values and messages go the way of a state update.</summary>
    public Task<Thread> PatchAsync(string owner, Guid threadId, ThreadPatch patch, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Deletes a thread with its runs.</summary>
    public Task DeleteAsync(string owner, Guid threadId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Finds threads. Members that are not selected are left out by the edge.</summary>
    public Task<ThreadPage> SearchAsync(string owner, ThreadSearchRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Counts threads.</summary>
    public Task<long> CountAsync(string owner, ThreadSearchRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads the current state, or the state at a checkpoint.</summary>
    public Task<ThreadState> GetStateAsync(string owner, Guid threadId, Guid? checkpointId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Merges an update into the state; 409 while a run is in flight.</summary>
    public Task<ThreadStateUpdateResponse> UpdateStateAsync(string owner, Guid threadId, ThreadStateUpdate update, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Reads past states, newest first.</summary>
    public Task<IReadOnlyList<ThreadState>> GetHistoryAsync(string owner, Guid threadId, ThreadHistoryRequest request, CancellationToken cancellationToken) => throw new NotImplementedException();
}

/// <summary>A page of threads.</summary>
/// <param name="Items">The threads of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record ThreadPage(IReadOnlyList<Thread> Items, long Total);
