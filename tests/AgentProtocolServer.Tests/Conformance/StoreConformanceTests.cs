using System.Net;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The tag "Store" of the Agent Protocol's document, and the README's journey through it.</summary>
public sealed class StoreConformanceTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly ProtocolClient protocol = new(fixture.Client);

    [Fact]
    [Proves("PUT /store/items", Client.AgentProtocol)]
    [Proves("GET /store/items", Client.AgentProtocol)]
    [Proves("DELETE /store/items", Client.AgentProtocol)]
    public async Task Journey_3_an_item_is_put_read_and_deleted()
    {
        await protocol.CallAsync(
            HttpStatusCode.NoContent, "PUT /store/items",
            body: """{"namespace": ["user_profiles"], "key": "profile_jane_doe", "value": {"displayName": "Jane Doe", "role": "customer"}}""");
        var value = (await protocol.OkAsync("GET /store/items", query: "?key=profile_jane_doe&namespace=user_profiles")).GetProperty("value");
        Assert.Equal(("Jane Doe", "customer"), (value.Text("displayName"), value.Text("role")));
        await protocol.CallAsync(HttpStatusCode.NoContent, "DELETE /store/items", body: """{"namespace": ["user_profiles"], "key": "profile_jane_doe"}""");

        // An item that is not there any more: row 3.
        await protocol.OkAsync("GET /store/items", query: "?key=profile_jane_doe&namespace=user_profiles");
        await protocol.CallAsync(HttpStatusCode.BadRequest, "GET /store/items");
        await protocol.RefusesBodiesAsync("PUT /store/items", null, new { @namespace = 7 }, new { @namespace = new[] { "a" }, key = "k", value = 7 });
        await protocol.RefusesBodiesAsync("DELETE /store/items", null, new { @namespace = 7, key = "k" });
    }

    [Fact]
    [Proves("POST /store/items/search", Client.AgentProtocol)]
    [Proves("POST /store/namespaces", Client.AgentProtocol)]
    public async Task Items_and_namespaces_are_searched()
    {
        await protocol.CallAsync(HttpStatusCode.NoContent, "PUT /store/items", body: new { @namespace = new[] { "searched", "b" }, key = "k", value = new { a = 1 } });
        var found = await protocol.OkAsync("POST /store/items/search", body: new { namespace_prefix = new[] { "searched" }, filter = new { a = 1 }, limit = 10, offset = 0 });
        Assert.Equal(1, found.GetProperty("items").GetArrayLength());
        await protocol.OkAsync("POST /store/namespaces", body: new { prefix = new[] { "searched" }, limit = 10 });
        await protocol.RefusesBodiesAsync("POST /store/items/search", null, new { limit = 0 }, new { namespace_prefix = 7 });
        await protocol.RefusesBodiesAsync("POST /store/namespaces", null, new { limit = 0 }, new { prefix = 7 });
    }
}
