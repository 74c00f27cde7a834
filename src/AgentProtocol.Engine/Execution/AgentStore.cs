using AgentProtocol.Agents;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Store;

namespace AgentProtocol.Engine.Execution;

/// <summary>The store as one execution may use it: for the run's owner, and written only while the run is this execution's.</summary>
internal sealed class AgentStore(StoreService store, RunningRun run) : IAgentStore
{
    private readonly RunFence fence = new(run.Claim.RunId, run.Claim.Fence);

    public Task<Item?> GetAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken) =>
        store.GetAsync(run.Claim.Owner, labels, key, refreshTtl: null, cancellationToken);

    public async Task PutAsync(StorePutRequest item, CancellationToken cancellationToken) =>
        ThrowIfLost(await store.PutAsync(run.Claim.Owner, item, fence, cancellationToken));

    public async Task DeleteAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken)
    {
        var request = new StoreDeleteRequest { Namespace = labels, Key = key };
        ThrowIfLost(await store.DeleteAsync(run.Claim.Owner, request, fence, cancellationToken));
    }

    public async Task<IReadOnlyList<Item>> SearchAsync(StoreSearchRequest search, CancellationToken cancellationToken) =>
        (await store.SearchAsync(run.Claim.Owner, search, cancellationToken)).Items;

    public Task<IReadOnlyList<IReadOnlyList<string>>> ListNamespacesAsync(
        StoreListNamespacesRequest list, CancellationToken cancellationToken) =>
        store.ListNamespacesAsync(run.Claim.Owner, list, cancellationToken);

    private void ThrowIfLost(bool isOurs)
    {
        if (!isOurs)
        {
            run.Stop(StopCause.LeaseLost, "Its fence was raised");
            throw new OperationCanceledException("This execution has lost its run");
        }
    }
}
