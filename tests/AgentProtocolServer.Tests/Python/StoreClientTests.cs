using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>client.store</c> of <c>langgraph_sdk</c> (wire-contract 9).</summary>
public sealed class StoreClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);
    private readonly string root = Guid.NewGuid().ToString("N");

    [Fact]
    [Proves("PUT /store/items", Client.PythonSdk)]
    [Proves("GET /store/items", Client.PythonSdk)]
    [Proves("DELETE /store/items", Client.PythonSdk)]
    public async Task Items_are_put_read_by_a_dotted_namespace_and_deleted_by_a_body()
    {
        Assert.Equal(JsonValueKind.Undefined, (await sdk.PutAsync("/store/items", $$$"""{"namespace":["{{{root}}}","b"],"key":"k","value":{"a":1,"B":null}}""")).ValueKind);
        await sdk.PutAsync("/store/items", $$$"""{"namespace":["{{{root}}}","b"],"key":"l","value":{},"index":false,"ttl":60}""");
        var item = await sdk.GetAsync($"/store/items?key=k&namespace={root}.b");
        Assert.Equal(("k", """{"a":1,"B":null}""", $"""["{root}","b"]"""), (item.Text("key"), item.GetProperty("value").GetRawText(), item.GetProperty("namespace").GetRawText()));
        Assert.Equal(JsonValueKind.String, (await sdk.GetAsync($"/store/items?key=l&namespace={root}.b&refresh_ttl=true")).GetProperty("updated_at").ValueKind);
        // Trap 9: a body on DELETE; httpx writes it with blanks.
        await sdk.DeleteAsync("/store/items", $$"""{"key": "k", "namespace": ["{{root}}", "b"]}""");
        // Row 3: a missing item is None.
        Assert.Equal(JsonValueKind.Null, (await sdk.GetAsync($"/store/items?key=k&namespace={root}.b")).ValueKind);
    }

    [Fact]
    [Proves("POST /store/items/search", Client.PythonSdk)]
    public async Task Items_are_searched_below_a_prefix()
    {
        await sdk.PutAsync("/store/items", $$$"""{"namespace":["{{{root}}}","b"],"key":"k","value":{"kind":"x"}}""");
        var found = await sdk.PostAsync("/store/items/search", $$$"""{"namespace_prefix":["{{{root}}}"],"filter":{"kind":"x"},"limit":10,"offset":0,"query":"x","refresh_ttl":false}""");
        Assert.Equal("k", Assert.Single(found.GetProperty("items").EnumerateArray()).Text("key"));
        var none = await sdk.PostAsync("/store/items/search", $$$"""{"namespace_prefix":["{{{root}}}"],"filter":{"kind":"y"},"limit":10,"offset":0}""");
        Assert.Equal("[]", none.GetProperty("items").GetRawText());
    }

    [Fact]
    [Proves("POST /store/namespaces", Client.PythonSdk)]
    public async Task Namespaces_are_listed()
    {
        await sdk.PutAsync("/store/items", $$$"""{"namespace":["{{{root}}}","b","c"],"key":"k","value":{}}""");
        var listed = await sdk.PostAsync("/store/namespaces", $$"""{"prefix":["{{root}}"],"suffix":["c"],"max_depth":2,"limit":100,"offset":0}""");
        Assert.Equal($$"""{"namespaces":[["{{root}}","b"]]}""", listed.GetRawText());
        await sdk.PostAsync("/store/namespaces", """{"limit":100,"offset":0}""");
    }
}
