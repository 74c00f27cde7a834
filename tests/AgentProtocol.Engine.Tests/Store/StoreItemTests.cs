using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Store;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Store;

/// <summary>Items by name, and who sees them.</summary>
public sealed class StoreItemTests(MigratedPostgres postgres) : StoreTests(postgres)
{
    [Fact]
    public async Task An_item_is_read_by_its_namespace_and_key_and_value_for_value()
    {
        const string Value = """{ "z":[1,1.0,1e2,12345678901234567890123,-0.0], "a":{"camelCase":null}, "ä":"\u0041\n" }""";
        await PutAsync("users/ann", "key.with.dots", Value);

        var item = await GetAsync("users/ann", "key.with.dots");

        Assert.NotNull(item);
        Assert.Equal(["users", "ann"], item.Namespace);
        Assert.Equal(("key.with.dots", Value), (item.Key, item.Value.Text));
        Assert.Equal(item.CreatedAt, item.UpdatedAt);
        Assert.Null(await GetAsync("users", "key.with.dots"));
        Assert.Null(await GetAsync("users/ann/key", "with.dots"));
        Assert.Null(await GetAsync("users/ann", "Key.with.dots"));
    }

    [Fact]
    public async Task Trap_54_each_put_moves_updated_at_by_a_millisecond_at_least_and_leaves_created_at()
    {
        await PutAsync("quick", "k", """{"n":0}""");
        var before = (await GetAsync("quick", "k"))!;
        for (var n = 1; n <= 20; n++)
        {
            await PutAsync("quick", "k", $$"""{"n":{{n}}}""");
            var after = (await GetAsync("quick", "k"))!;
            Assert.True(Milliseconds(after.UpdatedAt) > Milliseconds(before.UpdatedAt));
            Assert.Equal((before.CreatedAt, $$"""{"n":{{n}}}"""), (after.CreatedAt, after.Value.Text));
            before = after;
        }

        static long Milliseconds(DateTime time) => time.Ticks / TimeSpan.TicksPerMillisecond;
    }

    [Fact]
    public async Task A_deleted_item_is_gone_and_may_be_deleted_again()
    {
        await PutAsync("a", "k");
        var delete = new StoreDeleteRequest { Namespace = ["a"], Key = "k" };

        await Store.DeleteAsync(Owner, delete, Token);
        await Store.DeleteAsync(Owner, delete, Token);

        Assert.Null(await GetAsync("a", "k"));
        Assert.Equal("", await NamespacesAsync());
    }

    [Fact]
    public async Task Trap_14_another_owners_items_are_in_no_answer_and_the_same_name_is_another_item()
    {
        await PutAsync("shared", "k", """{"of":"me"}""");
        await Store.PutAsync("somebody " + Owner, Put("shared", "k", """{"of":"them"}"""), Token);
        await Store.PutAsync("somebody " + Owner, Put("theirs", "k"), Token);
        await Store.DeleteAsync("nobody " + Owner, new StoreDeleteRequest { Namespace = ["shared"], Key = "k" }, Token);

        Assert.Equal("""{"of":"me"}""", (await GetAsync("shared", "k"))!.Value.Text);
        Assert.Null(await GetAsync("theirs", "k"));
        Assert.Equal("k", await KeysAsync());
        Assert.Equal("shared", await NamespacesAsync());
    }

    [Fact]
    public async Task Names_as_long_as_they_may_be_are_found_again()
    {
        // Of different characters, so that nothing of it can be compressed to the size of an index entry.
        var random = new Random(1);
        var labels = Enumerable.Range(0, 32).Select(_ => Text(256)).ToArray();
        var key = Text(1024);

        await Store.PutAsync(Owner, new StorePutRequest { Namespace = labels, Key = key, Value = JsonText.Parse("{}") }, Token);

        Assert.Equal(labels, (await Store.GetAsync(Owner, labels, key, null, Token))!.Namespace);
        Assert.Equal(key, Assert.Single((await Store.SearchAsync(Owner, new StoreSearchRequest { NamespacePrefix = labels }, Token)).Items).Key);
        Assert.Equal(labels[..3], Assert.Single(await Store.ListNamespacesAsync(Owner, new StoreListNamespacesRequest { Prefix = labels[..2], Suffix = labels[30..], MaxDepth = 3 }, Token)));
        var other = labels[..31].Append("other").ToArray();
        Assert.Empty((await Store.SearchAsync(Owner, new StoreSearchRequest { NamespacePrefix = other }, Token)).Items);

        string Text(int length) => string.Concat(Enumerable.Range(0, length).Select(_ => (char)random.Next(0x4E00, 0x9FFF)));
    }

    [Fact]
    public async Task Names_that_agents_must_not_give_are_refused_by_the_service_itself()
    {
        foreach (var label in new[] { "a\ud800", "a\0", "a.b", "" })
        {
            var refused = await Assert.ThrowsAsync<ProtocolException>(() => Store.PutAsync(
                Owner, new StorePutRequest { Namespace = ["ok", label], Key = "k", Value = JsonText.Parse("{}") }, Token));
            Assert.Equal((ErrorCode.ValidationError, "body.namespace.1"), (refused.Code, string.Join('.', refused.Errors![0].Loc)));
            await Assert.ThrowsAsync<ProtocolException>(() => Store.GetAsync(Owner, [label], "k", null, Token));
            await Assert.ThrowsAsync<ProtocolException>(() => Store.SearchAsync(Owner, new StoreSearchRequest { NamespacePrefix = [label] }, Token));
            await Assert.ThrowsAsync<ProtocolException>(() => Store.ListNamespacesAsync(Owner, new StoreListNamespacesRequest { Suffix = [label] }, Token));
        }
    }

    [Fact]
    public async Task Searches_use_the_index_of_namespaces_and_not_the_whole_table()
    {
        var plan = string.Join('\n', await Database.Source.LinesAsync(
            """
            explain select id from store_items i where i.owner = 'o' and left(i.namespace, 128) >= left('.a.', 128)
                and left(i.namespace, 128) < left('.a.', least(length('.a.') - 1, 128)) || '/' and starts_with(i.namespace, '.a.')
            """));
        Assert.Contains("store_items_by_namespace", plan, StringComparison.Ordinal);
        Assert.Matches(@"Index Cond: .*'\.a\.'.*'\.a/'", plan);
    }
}
