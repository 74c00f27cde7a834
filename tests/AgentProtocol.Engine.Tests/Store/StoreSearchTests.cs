using AgentProtocol.Contracts.Errors;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Store;

/// <summary>What searches and lists of the store find, and in which order.</summary>
public sealed class StoreSearchTests(MigratedPostgres postgres) : StoreTests(postgres)
{
    [Fact]
    public async Task A_search_finds_what_lies_in_and_below_its_prefix_label_by_label()
    {
        foreach (var path in new[] { "a", "a/b", "a/b/c", "ab", "a!", "b/a", "ä/b", "a/\ufffd" })
        {
            await PutAsync(path, path);
        }

        Assert.Equal("a/\ufffd a/b/c a/b a", await KeysAsync("a"));
        Assert.Equal("a/b/c a/b", await KeysAsync("a/b"));
        Assert.Equal("ä/b", await KeysAsync("ä"));
        Assert.Equal("", await KeysAsync("*"));
        Assert.Equal(8, (await Store.SearchAsync(Owner, Search(), Token)).Total);
    }

    [Fact]
    public async Task The_latest_stored_comes_first_and_equal_times_go_by_key()
    {
        foreach (var key in new[] { "c", "a", "b" })
        {
            await PutAsync("n", key);
        }

        Assert.Equal("b a c", await KeysAsync());
        await PutAsync("n", "c");
        Assert.Equal("c b a", await KeysAsync());

        await Database.Source.ExecuteAsync("update store_items set updated_at = now() where owner = $1", Owner);
        Assert.Equal("a b c", await KeysAsync());
        Assert.Equal("b", await KeysAsync(limit: 1, offset: 1));
        Assert.Equal("", await KeysAsync(offset: 3));
        Assert.Equal(3, (await Store.SearchAsync(Owner, Search() with { Offset = 3 }, Token)).Total);
    }

    [Theory]
    [InlineData("""{"n":1}""", "one")]
    [InlineData("""{"n":1.0}""", "one")]
    [InlineData("""{"n":"1"}""", "text")]
    [InlineData("""{"n":1,"o":{"x":1}}""", "one")]
    [InlineData("""{"n":1,"o":{"x":2}}""", "")]
    [InlineData("""{"n":null}""", "null")]
    [InlineData("""{"o":{"x":1}}""", "one")]
    [InlineData("""{"o":{"$eq":{"x":1}}}""", "")]
    [InlineData("""{"o":{"$eq":{"y":2,"x":1.0}}}""", "one")]
    [InlineData("""{"n":{"$eq":2}}""", "two")]
    [InlineData("""{"n":{"$ne":2}}""", "big none null one text")]
    [InlineData("""{"n":{"$gt":1}}""", "big two")]
    [InlineData("""{"n":{"$gte":1}}""", "big one two")]
    [InlineData("""{"n":{"$lt":2}}""", "one")]
    [InlineData("""{"n":{"$lte":2}}""", "one two")]
    [InlineData("""{"n":{"$gt":1,"$lt":10}}""", "two")]
    [InlineData("""{"n":{"$gt":9}}""", "big")]
    [InlineData("""{"n":{"$in":[1,"1",null]}}""", "null one text")]
    [InlineData("""{"n":{"$in":[]}}""", "")]
    [InlineData("""{"n":{"$nin":[1,2,10]}}""", "none null text")]
    [InlineData("""{"l":["b"]}""", "one")]
    [InlineData("""{"l":{"$eq":["b"]}}""", "")]
    [InlineData("""{"o":{}}""", "one")]
    [InlineData("""{"a.\"b":1}""", "none")]
    [InlineData("{}", "big none null one text two")]
    public async Task A_filter_finds_the_items_for_which_all_its_conditions_hold(string filter, string keys)
    {
        await PutAsync("f", "one", """{"n":1,"o":{"x":1,"y":2},"l":["a","b"]}""");
        await PutAsync("f", "two", """{"n":2}""");
        await PutAsync("f", "big", """{"n":10}""");
        await PutAsync("f", "text", """{"n":"1"}""");
        await PutAsync("f", "null", """{"n":null}""");
        await PutAsync("f", "none", """{"a.\"b":1}""");

        var found = await KeysAsync("f", filter);

        Assert.Equal(keys, string.Join(' ', found.Split(' ').Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData("[]", "body.filter")]
    [InlineData("""{"n":{"$regex":"x"}}""", "body.filter.n.$regex")]
    [InlineData("""{"n":{"$gt":1,"plain":2}}""", "body.filter.n.plain")]
    [InlineData("""{"n":{"$gt":"1"}}""", "body.filter.n.$gt")]
    [InlineData("""{"n":{"$in":1}}""", "body.filter.n.$in")]
    [InlineData("""{"n":"\u0000"}""", "body.filter")]
    [InlineData("""{"n":{"$lt":1e200000}}""", "body.filter")]
    public async Task A_filter_that_cannot_be_meant_is_refused_by_its_place(string filter, string place)
    {
        var refused = await Assert.ThrowsAsync<ProtocolException>(() => KeysAsync("f", filter));
        Assert.Equal((ErrorCode.ValidationError, place), (refused.Code, string.Join('.', Assert.Single(refused.Errors!).Loc)));
    }

    [Fact]
    public async Task A_filter_is_bounded_in_conditions_and_in_values()
    {
        Assert.Equal("", await KeysAsync("f", Members(100)));
        await Assert.ThrowsAsync<ProtocolException>(() => KeysAsync("f", Members(101)));
        await Assert.ThrowsAsync<ProtocolException>(() => KeysAsync("f", $$"""{"n":{"$in":[{{string.Join(',', Enumerable.Range(0, 1001))}}] } }"""));

        static string Members(int count) => $"{{{string.Join(',', Enumerable.Range(0, count).Select(n => $"\"m{n}\":1"))}}}";
    }

    [Fact]
    public async Task A_page_too_large_to_answer_is_refused_instead_of_cut()
    {
        var value = $$"""{"text":"{{new string('x', 1_000_000)}}"}""";
        await PutAsync("large", "0", value);
        await Database.Source.ExecuteAsync(
            """
            insert into store_items (owner, id, namespace, key, value)
            select owner, sha256(n::text::bytea), namespace, n::text, value from store_items, generate_series(1, 70) n where owner = $1
            """,
            Owner);

        var refused = await Assert.ThrowsAsync<ProtocolException>(() => KeysAsync("large", limit: 71));

        Assert.Equal("body.limit", string.Join('.', Assert.Single(refused.Errors!).Loc));
        Assert.Equal(50, (await KeysAsync("large", limit: 50)).Split(' ').Length);
    }

    [Fact]
    public async Task Namespaces_are_listed_once_in_the_order_of_their_labels()
    {
        await PutManyAsync();
        Assert.Equal("docs docs/a/public docs/b/private docs/b/public docs!/x users/a/public", await NamespacesAsync());
        Assert.Equal("docs/a/public docs/b/private", await NamespacesAsync(limit: 2, offset: 1));
    }

    [Theory]
    [InlineData("docs", null, null, "docs docs/a/public docs/b/private docs/b/public")]
    [InlineData("docs/*/public", null, null, "docs/a/public docs/b/public")]
    [InlineData("*/a", null, null, "docs/a/public users/a/public")]
    [InlineData("*/*/*", null, null, "docs/a/public docs/b/private docs/b/public users/a/public")]
    [InlineData(null, "public", null, "docs/a/public docs/b/public users/a/public")]
    [InlineData(null, "b/*", null, "docs/b/private docs/b/public")]
    [InlineData("docs", "public", null, "docs/a/public docs/b/public")]
    [InlineData("docs/b/public/x", null, null, "")]
    [InlineData(null, null, 1, "docs docs! users")]
    [InlineData("docs", null, 2, "docs docs/a docs/b")]
    [InlineData("docs", "public", 1, "docs")]
    [InlineData(null, null, 2_000_000_000, "docs docs/a/public docs/b/private docs/b/public docs!/x users/a/public")]
    public async Task Namespaces_are_matched_before_they_are_cut(string? prefix, string? suffix, int? maxDepth, string expected)
    {
        await PutManyAsync();
        Assert.Equal(expected, await NamespacesAsync(prefix, suffix, maxDepth));
    }

    private async Task PutManyAsync()
    {
        foreach (var path in new[] { "users/a/public", "docs/b/public", "docs/b/private", "docs/a/public", "docs", "docs!/x" })
        {
            await PutAsync(path, "1");
            await PutAsync(path, "2");
        }
    }
}
