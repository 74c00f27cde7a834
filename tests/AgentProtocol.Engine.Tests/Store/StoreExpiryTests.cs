using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Store;

/// <summary>Items with a time to live, by the database's clock.</summary>
public sealed class StoreExpiryTests(MigratedPostgres postgres) : StoreTests(postgres)
{
    [Fact]
    public async Task An_expired_item_is_in_no_answer_though_nobody_has_swept_it()
    {
        await PutAsync("a", "k", ttl: 10);
        await PutAsync("a", "kept");
        Assert.Equal("kept k", await KeysAsync("a"));
        await ExpireAsync();

        Assert.Null(await GetAsync("a", "k", refresh: true));
        Assert.Equal("kept", await KeysAsync("a", refresh: true));
        Assert.Equal(1, (await Store.SearchAsync(Owner, Search("a"), Token)).Total);
        Assert.Equal("a", await NamespacesAsync());
        await Store.DeleteAsync(Owner, new StoreDeleteRequest { Namespace = ["a"], Key = "kept" }, Token);
        Assert.Equal("", await NamespacesAsync());
    }

    [Fact]
    public async Task What_is_put_in_the_place_of_an_expired_item_is_new()
    {
        await PutAsync("a", "k", ttl: 10);
        await Database.Source.ExecuteAsync(
            "update store_items set created_at = now() - interval '1 day', updated_at = now() - interval '1 day', expires_at = now() where owner = $1", Owner);

        await PutAsync("a", "k");

        var item = (await GetAsync("a", "k"))!;
        Assert.Equal(item.CreatedAt, item.UpdatedAt);
        Assert.Equal("", await MinutesLeftAsync());
    }

    [Fact]
    public async Task Each_put_sets_the_time_to_live_anew_and_none_means_the_servers_default()
    {
        await PutAsync("a", "k", ttl: 0.5);
        Assert.Equal("0.5", await MinutesLeftAsync());
        await PutAsync("a", "k", ttl: 90);
        Assert.Equal("90", await MinutesLeftAsync());
        await PutAsync("a", "k");
        Assert.Equal("", await MinutesLeftAsync());

        var withDefault = WithOptions(new StoreOptions { DefaultTtl = 7 });
        await withDefault.PutAsync(Owner, Put("a", "k"), Token);
        Assert.Equal("7", await MinutesLeftAsync());
        await withDefault.PutAsync(Owner, Put("a", "k", ttl: 3), Token);
        Assert.Equal("3", await MinutesLeftAsync());
    }

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, null, true)]
    [InlineData(true, false, false)]
    [InlineData(false, null, false)]
    [InlineData(false, true, true)]
    public async Task A_read_starts_the_time_anew_when_it_says_so_or_by_default(bool byDefault, bool? refresh, bool isRefreshed)
    {
        var store = WithOptions(new StoreOptions { RefreshOnRead = byDefault });
        foreach (var read in new Func<Task>[]
        {
            () => store.GetAsync(Owner, ["a"], "k", refresh, Token),
            () => store.SearchAsync(Owner, Search("a") with { RefreshTtl = refresh }, Token),
        })
        {
            await PutAsync("a", "k", ttl: 60);
            var updated = (await GetAsync("a", "k", refresh: false))!.UpdatedAt;
            await Database.Source.ExecuteAsync("update store_items set expires_at = now() + interval '10 minutes' where owner = $1", Owner);

            await read();

            var left = await Database.Source.ScalarAsync<double>(
                "select extract(epoch from expires_at - now())::float8 / 60 from store_items where owner = $1", Owner);
            Assert.Equal(isRefreshed, left > 30);
            Assert.Equal(updated, (await GetAsync("a", "k", refresh: false))!.UpdatedAt);
        }
    }

    [Fact]
    public async Task Only_the_page_of_a_search_is_refreshed_and_an_item_without_end_gets_none()
    {
        await PutAsync("a", "endless");
        await PutAsync("a", "old", ttl: 60);
        await PutAsync("a", "new", ttl: 60);
        await Database.Source.ExecuteAsync("update store_items set expires_at = now() + interval '1 minute' where owner = $1 and ttl is not null", Owner);

        Assert.Equal("new", await KeysAsync("a", limit: 1));
        await GetAsync("a", "endless", refresh: true);

        Assert.Equal(["endless|", "new|True", "old|False"], await Database.Source.LinesAsync(
            "select key, expires_at > now() + interval '30 minutes' from store_items where owner = $1 order by key", Owner));
    }

    [Fact]
    public async Task A_search_waits_for_nobody_who_is_writing_an_item_of_its_page()
    {
        await PutAsync("a", "k", ttl: 60);
        await using var connection = await Database.Source.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using var write = connection.CreateCommand();
        write.CommandText = $"update store_items set value = '{{}}' where owner = '{Owner}'";
        await write.ExecuteNonQueryAsync(Token);

        Assert.Equal("k", await KeysAsync("a", refresh: true));
    }

    [Fact]
    public async Task Sweeps_delete_what_has_expired_in_batches_and_never_what_is_put_anew()
    {
        await Database.Source.ExecuteAsync("delete from store_items");
        for (var n = 0; n < 5; n++)
        {
            await PutAsync("a", $"k{n}", ttl: 10);
        }

        await PutAsync("a", "alive", ttl: 10);
        await Database.Source.ExecuteAsync("update store_items set expires_at = now() - interval '1 second' where owner = $1 and key <> 'alive'", Owner);

        // Somebody puts k0 anew while the others sweep.
        await using var connection = await Database.Source.OpenConnectionAsync(Token);
        await using var transaction = await connection.BeginTransactionAsync(Token);
        await using var put = connection.CreateCommand();
        put.CommandText = $"update store_items set expires_at = now() + interval '1 hour' where owner = '{Owner}' and key = 'k0'";
        await put.ExecuteNonQueryAsync(Token);
        var swept = await Task.WhenAll(SweepAsync(3), SweepAsync(3));
        await transaction.CommitAsync(Token);

        Assert.Equal(4, swept.Sum());
        Assert.True(swept.Max() <= 3);
        Assert.Equal(0, await SweepAsync(100));
        Assert.Equal(["alive", "k0"], await Database.Source.LinesAsync("select key from store_items where owner = $1 order by key", Owner));
    }

    [Fact]
    public async Task The_nodes_sweeper_deletes_expired_items()
    {
        await PutAsync("a", "k", ttl: 10);
        await ExpireAsync();
        await using var node = await EngineHost.StartAsync(ConnectionString);

        await Until.TrueAsync(
            async () => await Database.Source.ScalarAsync<long>("select count(*) from store_items where owner = $1", Owner) == 0, Token);
    }

    private async Task<int> SweepAsync(int batch)
    {
        await using var connection = await Database.Source.OpenConnectionAsync(Token);
        return await StoreItems.DeleteExpiredAsync(connection, batch, Token);
    }

    private Task ExpireAsync() =>
        Database.Source.ExecuteAsync("update store_items set expires_at = now() where owner = $1 and ttl is not null", Owner);

    /// <summary>What was left right after the last put.</summary>
    private async Task<string> MinutesLeftAsync() => Assert.Single(await Database.Source.LinesAsync(
        "select round((extract(epoch from expires_at - updated_at) / 60)::numeric, 1)::float8 from store_items where owner = $1", Owner));
}
