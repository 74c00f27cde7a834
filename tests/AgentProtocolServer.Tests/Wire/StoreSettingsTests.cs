using System.Net;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>A deployment that follows the Agent Protocol to the letter (wire-contract 12 row 3).</summary>
public sealed class StoreSettingsTests(StoreSettingsTests.Fixture fixture) : IClassFixture<StoreSettingsTests.Fixture>
{
    [Fact]
    public async Task Row_3_a_missing_item_is_404_where_that_is_asked_for()
    {
        await fixture.Client.SendAsync(HttpMethod.Get, "/store/items?namespace=a&key=k").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await fixture.Client.SendAsync(HttpMethod.Put, "/store/items", """{"namespace":["a"],"key":"k","value":{}}""").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("k", (await fixture.Client.GetJsonAsync("/store/items?namespace=a&key=k")).Text("key"));
    }

    public sealed class Fixture : ServerFixture
    {
        protected override string[] Settings => ["--Store:MissingItem=NotFound"];
    }
}
