using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The long-term store over HTTP (wire-contract 9).</summary>
public sealed class StoreTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    /// <summary>A root label that no other test has.</summary>
    private readonly string root = Guid.NewGuid().ToString();

    [Fact]
    public async Task The_journey_of_the_agent_protocols_readme_is_204_200_204()
    {
        await client.SendAsync(HttpMethod.Put, "/store/items", new { @namespace = new[] { root, "profile" }, key = "name", value = new { first = "Ann" } })
            .EmptyAsync(HttpStatusCode.NoContent);
        var item = await client.GetJsonAsync($"/store/items?namespace={root}&namespace=profile&key=name");
        await client.SendAsync(HttpMethod.Delete, "/store/items", new { @namespace = new[] { root, "profile" }, key = "name" })
            .EmptyAsync(HttpStatusCode.NoContent);

        Assert.Equal(["namespace", "key", "value", "created_at", "updated_at"], item.Members());
        Assert.Equal(
            ($$"""["{{root}}","profile"]""", "name", """{"first":"Ann"}"""),
            (item.GetProperty("namespace").GetRawText(), item.Text("key"), item.GetProperty("value").GetRawText()));
        Assert.EndsWith("Z", item.Text("created_at"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Row_3_a_missing_item_is_null_and_not_404()
    {
        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync($"/store/items?namespace={root}&key=k")).ValueKind);
        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync("/store/items?key=k")).ValueKind);
        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync("/store/items?namespace=&key=k")).ValueKind);
    }

    [Fact]
    public async Task Row_4_namespaces_are_the_member_of_an_object()
    {
        await PutAsync("k", "{}", "a", "b");
        var listed = await client.PostAsync("/store/namespaces", new { prefix = new[] { root } }).OkAsync();
        Assert.Equal($$"""{"namespaces":[["{{root}}","a","b"]]}""", listed.GetRawText());
        Assert.Equal(["namespaces"], (await client.PostAsync("/store/namespaces").OkAsync()).Members());
    }

    [Fact]
    public async Task Trap_9_delete_takes_a_body_and_is_204_also_when_nothing_is_there()
    {
        await PutAsync("k");
        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(HttpMethod.Delete, "/store/items", new { @namespace = new[] { root }, key = "k" }).EmptyAsync(HttpStatusCode.NoContent);
            Assert.Equal(JsonValueKind.Null, (await GetAsync("k")).ValueKind);
        }
    }

    [Fact]
    public async Task Delete_takes_the_query_of_clients_that_send_no_body()
    {
        await PutAsync("k", "{}", "a");
        await client.SendAsync(HttpMethod.Delete, $"/store/items?namespace={root}.a&key=k").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync($"/store/items?namespace={root}.a&key=k")).ValueKind);
    }

    [Fact]
    public async Task Trap_54_updated_at_grows_by_a_millisecond_at_least_with_each_put()
    {
        await PutAsync("k");
        var first = await GetAsync("k");
        await PutAsync("k");
        var second = await GetAsync("k");

        Assert.True(Milliseconds(second) > Milliseconds(first));
        Assert.Equal(first.Text("created_at"), second.Text("created_at"));

        static long Milliseconds(JsonElement item) => new DateTimeOffset(item.GetProperty("updated_at").GetDateTime()).ToUnixTimeMilliseconds();
    }

    [Fact]
    public async Task Traps_11_and_12_a_value_comes_back_byte_for_byte()
    {
        const string Value = """{"camelCase":{"snake_case":null},"n":[1,1.0,1e2,12345678901234567890123,-0.0],"ä":"\u0041","z":"","a":[]}""";
        await PutAsync("k", Value);
        Assert.Equal(Value, (await GetAsync("k")).GetProperty("value").GetRawText());
        var found = await client.PostAsync("/store/items/search", new { namespace_prefix = new[] { root } }).OkAsync();
        Assert.Equal(Value, found.GetProperty("items")[0].GetProperty("value").GetRawText());
    }

    [Fact]
    public async Task A_namespace_in_a_query_is_joined_by_dots_or_repeated()
    {
        await PutAsync("k", "{}", "a", "b");
        foreach (var query in new[] { $"namespace={root}.a.b", $"namespace={root}&namespace=a&namespace=b" })
        {
            Assert.Equal("k", (await client.GetJsonAsync($"/store/items?{query}&key=k")).Text("key"));
        }

        Assert.Equal(JsonValueKind.Null, (await client.GetJsonAsync($"/store/items?namespace={root}.a&key=k")).ValueKind);
    }

    [Theory]
    [InlineData("namespace=a", HttpStatusCode.BadRequest, "bad_request", "query.key")]
    [InlineData("namespace=a&key=", HttpStatusCode.BadRequest, "bad_request", "query.key")]
    [InlineData("namespace=a..b&key=k", HttpStatusCode.UnprocessableEntity, "validation_error", "query.namespace.1")]
    [InlineData("namespace=a&namespace=b.c&key=k", HttpStatusCode.UnprocessableEntity, "validation_error", "query.namespace.1")]
    [InlineData("namespace=a&namespace=&key=k", HttpStatusCode.UnprocessableEntity, "validation_error", "query.namespace.1")]
    [InlineData("namespace=a%00&key=k", HttpStatusCode.UnprocessableEntity, "validation_error", "query.namespace.0")]
    [InlineData("namespace=a&key=k%00", HttpStatusCode.UnprocessableEntity, "validation_error", "query.key")]
    [InlineData("namespace=a&key=k&refresh_ttl=perhaps", HttpStatusCode.UnprocessableEntity, "validation_error", "query.refresh_ttl")]
    public async Task A_query_that_names_no_item_is_refused_by_its_parameter(string query, HttpStatusCode status, string code, string location)
    {
        var error = await client.SendAsync(HttpMethod.Get, "/store/items?" + query).RefusedAsync(status, code);
        Assert.Equal([location], error.Locations());
    }

    [Theory]
    [InlineData("""{"key":"k","value":{}}""", "body.namespace")]
    [InlineData("""{"namespace":null,"key":"k","value":{}}""", "body.namespace")]
    [InlineData("""{"namespace":[],"key":"k","value":{}}""", "body.namespace")]
    [InlineData("""{"namespace":"a","key":"k","value":{}}""", "body.namespace")]
    [InlineData("""{"namespace":["a",""],"key":"k","value":{}}""", "body.namespace.1")]
    [InlineData("""{"namespace":["a",null],"key":"k","value":{}}""", "body.namespace.1")]
    [InlineData("""{"namespace":["a.b"],"key":"k","value":{}}""", "body.namespace.0")]
    [InlineData("""{"namespace":["a\u0000"],"key":"k","value":{}}""", "body.namespace.0")]
    [InlineData("""{"namespace":["langgraph","a"],"key":"k","value":{}}""", "body.namespace")]
    [InlineData("""{"namespace":["a"],"value":{}}""", "body.key")]
    [InlineData("""{"namespace":["a"],"key":"","value":{}}""", "body.key")]
    [InlineData("""{"namespace":["a"],"key":1,"value":{}}""", "body.key")]
    [InlineData("""{"namespace":["a"],"key":"k"}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":null}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":[]}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":"text"}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{"a":"\u0000"}}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{"a":"\ud800"}}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{"a":1e200000}}""", "body.value")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"ttl":0}""", "body.ttl")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"ttl":-1}""", "body.ttl")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"ttl":"5"}""", "body.ttl")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"ttl":1e300}""", "body.ttl")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"ttl":1e999}""", "body.ttl")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"index":true}""", "body.index")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"index":"a"}""", "body.index")]
    [InlineData("""{"namespace":["a"],"key":"k","value":{},"index":["a",1]}""", "body.index")]
    public async Task A_put_that_cannot_be_stored_is_422_by_its_field(string body, string location)
    {
        var error = await client.SendAsync(HttpMethod.Put, "/store/items", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.StartsWith(location, Assert.Single(error.Locations()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_fields_are_named_at_once()
    {
        var error = await client.SendAsync(HttpMethod.Put, "/store/items", "{}").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal(["body.namespace", "body.key", "body.value"], error.Locations());
    }

    [Fact]
    public async Task Names_and_values_may_be_as_large_as_the_limits_and_not_larger()
    {
        var (label, key) = (new string('ä', 256), new string('ü', 1024));
        string[] deep = [.. Enumerable.Repeat(label, 32)];
        var value = $$"""{"a":"{{new string('x', (1024 * 1024) - 8)}}"}""";
        await client.SendAsync(HttpMethod.Put, "/store/items", Body(deep, key, value)).EmptyAsync(HttpStatusCode.NoContent);
        await client.SendAsync(HttpMethod.Delete, "/store/items", Body(deep, key, "{}")).EmptyAsync(HttpStatusCode.NoContent);

        foreach (var (body, location) in new[]
        {
            (Body([.. deep, "a"], "k", "{}"), "body.namespace"), (Body([label + "a"], "k", "{}"), "body.namespace.0"),
            (Body(["a"], key + "a", "{}"), "body.key"), (Body(["a"], "k", value.Replace("xx", "xxx", StringComparison.Ordinal)[..(1024 * 1024)] + "\"}"), "body.value"),
        })
        {
            var error = await client.SendAsync(HttpMethod.Put, "/store/items", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
            Assert.Equal([location], error.Locations());
        }

        static string Body(string[] labels, string key, string value) => $$"""{"namespace":{{JsonSerializer.Serialize(labels)}},"key":"{{key}}","value":{{value}} }""";
    }

    [Theory]
    [InlineData("null")]
    [InlineData("false")]
    [InlineData("[]")]
    [InlineData("""["a.b","a[*].c","a[-1]","{x,y}"]""")]
    public async Task Index_is_taken_in_all_its_forms(string index)
    {
        await client.SendAsync(HttpMethod.Put, "/store/items", $$"""{"namespace":["{{root}}"],"key":"k","value":{},"index":{{index}},"ttl":null,"unknown":1}""")
            .EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("{}", (await GetAsync("k")).GetProperty("value").GetRawText());
    }

    [Theory]
    [InlineData("/store/items", "DELETE", """{"key":"k"}""", "body.namespace")]
    [InlineData("/store/items", "DELETE", """{"namespace":[],"key":"k"}""", "body.namespace")]
    [InlineData("/store/items", "DELETE", """{"namespace":["a.b"],"key":"k"}""", "body.namespace.0")]
    [InlineData("/store/items", "DELETE", """{"namespace":["a"]}""", "body.key")]
    [InlineData("/store/items/search", "POST", """{"namespace_prefix":[""]}""", "body.namespace_prefix.0")]
    [InlineData("/store/items/search", "POST", """{"namespace_prefix":"a"}""", "body.namespace_prefix")]
    [InlineData("/store/items/search", "POST", """{"filter":1}""", "body.filter")]
    [InlineData("/store/items/search", "POST", """{"filter":{"n":{"$near":1}}}""", "body.filter.n.$near")]
    [InlineData("/store/items/search", "POST", """{"limit":0}""", "body.limit")]
    [InlineData("/store/items/search", "POST", """{"limit":1001}""", "body.limit")]
    [InlineData("/store/items/search", "POST", """{"offset":-1}""", "body.offset")]
    [InlineData("/store/items/search", "POST", """{"query":1}""", "body.query")]
    [InlineData("/store/items/search", "POST", """{"refresh_ttl":"yes"}""", "body.refresh_ttl")]
    [InlineData("/store/namespaces", "POST", """{"prefix":["a.b"]}""", "body.prefix.0")]
    [InlineData("/store/namespaces", "POST", """{"suffix":[""]}""", "body.suffix.0")]
    [InlineData("/store/namespaces", "POST", """{"max_depth":0}""", "body.max_depth")]
    [InlineData("/store/namespaces", "POST", """{"limit":1001}""", "body.limit")]
    [InlineData("/store/namespaces", "POST", """{"offset":-1}""", "body.offset")]
    public async Task Other_bodies_are_422_by_their_field_too(string path, string method, string body, string location)
    {
        var error = await client.SendAsync(new HttpMethod(method), path, body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([location], error.Locations());
    }

    [Fact]
    public async Task A_search_answers_items_without_score_and_tells_where_the_next_page_starts()
    {
        foreach (var key in new[] { "a", "b", "c" })
        {
            await PutAsync(key, $$"""{"text":"{{key}}"}""", key);
        }

        var search = new { namespace_prefix = new[] { root }, query = "c", limit = 2 };
        using var answer = await client.PostAsync("/store/items/search", search);
        var found = await answer.JsonAsync();

        Assert.Equal(["items"], found.Members());
        Assert.Equal(["c", "b"], found.GetProperty("items").EnumerateArray().Select(item => item.Text("key")));
        Assert.DoesNotContain("score", found.GetProperty("items")[0].Members());
        Assert.Equal(("3", "2"), (answer.Header("X-Pagination-Total"), answer.Header("X-Pagination-Next")));
        Assert.Equal("""{"items":[]}""", (await client.PostAsync("/store/items/search", new { namespace_prefix = new[] { root, "d" } }).OkAsync()).GetRawText());
    }

    [Fact]
    public async Task A_search_without_a_body_finds_items_of_all_namespaces_ten_by_default()
    {
        for (var n = 0; n < 11; n++)
        {
            await PutAsync($"k{n}");
        }

        foreach (var body in new[] { null, "{}", """{"namespace_prefix":null,"filter":null,"query":null,"refresh_ttl":null,"limit":null}""" })
        {
            Assert.Equal(10, (await client.PostAsync("/store/items/search", body).OkAsync()).GetProperty("items").GetArrayLength());
        }
    }

    private Task PutAsync(string key, string value = "{}", params string[] labels) => client.SendAsync(
        HttpMethod.Put, "/store/items",
        $$"""{"namespace":{{JsonSerializer.Serialize(labels.Prepend(root))}},"key":"{{key}}","value":{{value}} }""").EmptyAsync(HttpStatusCode.NoContent);

    private Task<JsonElement> GetAsync(string key) => client.GetJsonAsync($"/store/items?namespace={root}&key={key}");
}
