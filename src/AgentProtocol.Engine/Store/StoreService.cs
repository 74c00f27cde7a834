using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Store;

/// <summary>The long-term store, for callers over HTTP and for agents (wire-contract 9).</summary>
public sealed class StoreService
{
    /// <summary>A page is held in memory while it is answered.</summary>
    private const long MaxPageBytes = 64 * 1024 * 1024;

    private readonly StoreItems items;
    private readonly StoreOptions options;

    internal StoreService(StoreItems items, IOptions<StoreOptions> options) => (this.items, this.options) = (items, options.Value);

    /// <summary>Stores an item in the place of the one of that name.</summary>
    /// <exception cref="ProtocolException">A member of the request is missing or wrong.</exception>
    public Task PutAsync(string owner, StorePutRequest request, CancellationToken cancellationToken) =>
        PutAsync(owner, request, fence: null, cancellationToken);

    /// <summary>The same for a run; false when it is not the caller's any more.</summary>
    internal Task<bool> PutAsync(string owner, StorePutRequest request, RunFence? fence, CancellationToken cancellationToken)
    {
        StoreChecks.Check(request);
        var value = request.Value!.Value;
        return items.PutAsync(
            KeyOf(owner, request.Namespace, request.Key), value.GetRawText(), JsonFilter.Copy(value, "value"),
            request.Ttl ?? options.DefaultTtl, fence, cancellationToken);
    }

    /// <summary>Reads an item; null when there is none.</summary>
    /// <param name="owner">Whose item.</param>
    /// <param name="labels">Its namespace.</param>
    /// <param name="key">Its key.</param>
    /// <param name="refreshTtl">Whether its time to live starts anew; null for the server's default.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ProtocolException">Namespace or key is none.</exception>
    public Task<Item?> GetAsync(
        string owner, IReadOnlyList<string> labels, string key, bool? refreshTtl, CancellationToken cancellationToken)
    {
        StoreChecks.Check(labels, key);
        return items.ReadAsync(KeyOf(owner, labels, key), refreshTtl ?? options.RefreshOnRead, cancellationToken);
    }

    /// <summary>Deletes an item, if there is one.</summary>
    /// <exception cref="ProtocolException">A member of the request is missing or wrong.</exception>
    public Task DeleteAsync(string owner, StoreDeleteRequest request, CancellationToken cancellationToken) =>
        DeleteAsync(owner, request, fence: null, cancellationToken);

    /// <summary>The same for a run; false when it is not the caller's any more.</summary>
    internal Task<bool> DeleteAsync(string owner, StoreDeleteRequest request, RunFence? fence, CancellationToken cancellationToken)
    {
        StoreChecks.Check(request);
        return items.DeleteAsync(KeyOf(owner, request.Namespace, request.Key), fence, cancellationToken);
    }

    /// <summary>Finds items in and below a namespace, the latest stored first.</summary>
    /// <exception cref="ProtocolException">A member of the request is wrong, or the page would be too large.</exception>
    public async Task<StorePage> SearchAsync(string owner, StoreSearchRequest request, CancellationToken cancellationToken)
    {
        StoreChecks.Check(request);
        var search = new StoreItemSearch(
            StoreNamespace.Encode(request.NamespacePrefix ?? []), StoreFilter.Read(request.Filter), request.Limit ?? 10,
            request.Offset ?? 0, request.RefreshTtl ?? options.RefreshOnRead, MaxPageBytes);
        var page = await items.SearchAsync(owner, search, cancellationToken);
        return page.Bytes <= MaxPageBytes
            ? new StorePage(page.Items, page.Total)
            : throw ProtocolException.InvalidField(
                "limit", $"the values of this page have {page.Bytes} bytes together, more than {MaxPageBytes}; ask for fewer items");
    }

    /// <summary>Lists the namespaces that hold items, in the order of their labels.</summary>
    /// <exception cref="ProtocolException">A member of the request is wrong.</exception>
    public async Task<IReadOnlyList<IReadOnlyList<string>>> ListNamespacesAsync(
        string owner, StoreListNamespacesRequest request, CancellationToken cancellationToken)
    {
        StoreChecks.Check(request);
        var list = new StoreNamespaceList(
            request.Prefix ?? [], request.Suffix ?? [], Math.Min(request.MaxDepth ?? StoreChecks.MaxDepth, StoreChecks.MaxDepth),
            request.Limit ?? 100, request.Offset ?? 0);
        return await items.ListNamespacesAsync(owner, list, cancellationToken);
    }

    private static StoreKey KeyOf(string owner, IReadOnlyList<string>? labels, string? key) => new(owner, StoreNamespace.Encode(labels!), key!);
}

/// <summary>A page of items.</summary>
/// <param name="Items">The items of the page.</param>
/// <param name="Total">How many match in all.</param>
public sealed record StorePage(IReadOnlyList<Item> Items, long Total);
