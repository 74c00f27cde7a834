using AgentProtocol.Contracts.Store;

namespace AgentProtocol.Agents;

/// <summary>
/// The long-term store of a run's owner: objects by namespace and key, the same that <c>/store/items</c> shows. What an
/// execution may no longer write is refused, so a run that went on elsewhere is not disturbed. What was written stays,
/// whatever becomes of the run.
/// </summary>
public interface IAgentStore
{
    /// <summary>Reads an item; null when there is none.</summary>
    Task<Item?> GetAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken);

    /// <summary>Stores an item in the place of the one of that name.</summary>
    /// <exception cref="OperationCanceledException">This execution has lost its run.</exception>
    Task PutAsync(StorePutRequest item, CancellationToken cancellationToken);

    /// <summary>Deletes an item, if there is one.</summary>
    /// <exception cref="OperationCanceledException">This execution has lost its run.</exception>
    Task DeleteAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken);

    /// <summary>Finds items in and below a namespace, the latest stored first.</summary>
    Task<IReadOnlyList<Item>> SearchAsync(StoreSearchRequest search, CancellationToken cancellationToken);

    /// <summary>Lists the namespaces that hold items.</summary>
    Task<IReadOnlyList<IReadOnlyList<string>>> ListNamespacesAsync(StoreListNamespacesRequest list, CancellationToken cancellationToken);
}

/// <summary>The store of a context that was made without one, as in a test of an agent that needs none.</summary>
internal sealed class MissingStore : IAgentStore
{
    public Task<Item?> GetAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken) => throw Missing();

    public Task PutAsync(StorePutRequest item, CancellationToken cancellationToken) => throw Missing();

    public Task DeleteAsync(IReadOnlyList<string> labels, string key, CancellationToken cancellationToken) => throw Missing();

    public Task<IReadOnlyList<Item>> SearchAsync(StoreSearchRequest search, CancellationToken cancellationToken) => throw Missing();

    public Task<IReadOnlyList<IReadOnlyList<string>>> ListNamespacesAsync(
        StoreListNamespacesRequest list, CancellationToken cancellationToken) => throw Missing();

    private static InvalidOperationException Missing() => new("This context has no store: set AgentContext.Store.");
}
