using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Store;
using AgentProtocol.Testing.Postgres;
using Microsoft.Extensions.Options;
using Xunit;

namespace AgentProtocol.Engine.Tests.Store;

/// <summary>The store on a database, with an owner of its own for each test.</summary>
public abstract class StoreTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private protected ProtocolDatabase Database { get; private set; } = null!;

    private protected StoreService Store { get; private set; } = null!;

    private protected string Owner { get; } = Guid.NewGuid().ToString();

    private protected string ConnectionString => postgres.ConnectionString;

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        Database = new ProtocolDatabase(postgres.ConnectionString);
        Store = WithOptions(new StoreOptions());
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return Database.DisposeAsync();
    }

    private protected StoreService WithOptions(StoreOptions options) => new(new StoreItems(Database), Options.Create(options));

    private protected Task PutAsync(string path, string key, string value = """{"v":1}""", double? ttl = null) =>
        Store.PutAsync(Owner, Put(path, key, value, ttl), Token);

    private protected static StorePutRequest Put(string path, string key, string value = """{"v":1}""", double? ttl = null) =>
        new() { Namespace = path.Split('/'), Key = key, Value = JsonText.Parse(value), Ttl = ttl };

    private protected Task<Item?> GetAsync(string path, string key, bool? refresh = null) =>
        Store.GetAsync(Owner, path.Split('/'), key, refresh, Token);

    /// <summary>The keys that a search finds, in its order.</summary>
    private protected async Task<string> KeysAsync(string path = "", string? filter = null, int? limit = null, int? offset = null, bool? refresh = null)
    {
        var page = await Store.SearchAsync(Owner, Search(path, filter) with { Limit = limit, Offset = offset, RefreshTtl = refresh }, Token);
        return string.Join(' ', page.Items.Select(item => item.Key));
    }

    private protected static StoreSearchRequest Search(string path = "", string? filter = null) => new()
    {
        NamespacePrefix = path.Length == 0 ? [] : path.Split('/'),
        Filter = filter is null ? null : JsonText.Parse(filter),
    };

    /// <summary>The namespaces of a list, in its order.</summary>
    private protected async Task<string> NamespacesAsync(string? prefix = null, string? suffix = null, int? maxDepth = null, int? limit = null, int? offset = null)
    {
        var list = new StoreListNamespacesRequest
        {
            Prefix = prefix?.Split('/'),
            Suffix = suffix?.Split('/'),
            MaxDepth = maxDepth,
            Limit = limit,
            Offset = offset,
        };
        var found = await Store.ListNamespacesAsync(Owner, list, Token);
        return string.Join(' ', found.Select(labels => string.Join('/', labels)));
    }
}
