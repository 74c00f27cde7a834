using System.Net;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>What browsers are told (wire-contract 1.4, 13.17).</summary>
public sealed class CorsTests(KeyedServerFixture fixture) : IClassFixture<KeyedServerFixture>
{
    private const string Origin = "http://localhost:5173";

    [Theory]
    [InlineData("POST", "/threads")]
    [InlineData("PATCH", "/threads/6a3f0c1e-5b7d-4a52-9d0e-2f8c41b7a903")]
    [InlineData("DELETE", "/threads/6a3f0c1e-5b7d-4a52-9d0e-2f8c41b7a903")]
    [InlineData("PUT", "/store/items")]
    [InlineData("GET", "/runs/6a3f0c1e-5b7d-4a52-9d0e-2f8c41b7a903/stream")]
    public async Task A_preflight_needs_no_key_and_allows_methods_and_headers(string method, string path)
    {
        using var answer = await fixture.Client.SendAsync(
            HttpMethod.Options, path, null, ("Origin", Origin), ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", "last-event-id,x-api-key,x-auth-scheme,authorization,content-type,prefer"));
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(Origin, answer.Header("Access-Control-Allow-Origin"));
        Assert.Contains(method, answer.Header("Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.All(
            ["last-event-id", "x-api-key", "x-auth-scheme", "authorization", "content-type", "prefer"],
            header => Assert.Contains(header, answer.Header("Access-Control-Allow-Headers"), StringComparison.Ordinal));
        Assert.Equal("3600", answer.Header("Access-Control-Max-Age"));
        Assert.False(answer.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Trap_17_pages_see_the_headers_they_need_on_streams_and_on_refusals()
    {
        var client = await fixture.Server.ClientOfAsync("pages");
        using var stream = await client.SendAsync(HttpMethod.Post, "/runs/stream", new { input = Protocol.Say("hello") }, ("Origin", Origin));
        AssertVisible(stream, HttpStatusCode.OK);
        foreach (var (method, path, status) in new[]
        {
            (HttpMethod.Get, $"/threads/{Guid.NewGuid()}", HttpStatusCode.NotFound), (HttpMethod.Get, "/threads/x", HttpStatusCode.UnprocessableEntity),
            (HttpMethod.Get, "/nowhere", HttpStatusCode.NotFound), (HttpMethod.Put, "/threads", HttpStatusCode.MethodNotAllowed),
        })
        {
            using var refused = await client.SendAsync(method, path, null, ("Origin", Origin));
            AssertVisible(refused, status);
        }

        using var unknown = await fixture.Client.SendAsync(HttpMethod.Get, "/agents/echo", null, ("Origin", Origin));
        AssertVisible(unknown, HttpStatusCode.Unauthorized);
        using var malformed = await client.SendAsync(HttpMethod.Post, "/threads", "{", ("Origin", Origin));
        AssertVisible(malformed, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Other_pages_are_told_nothing()
    {
        using var preflight = await fixture.Client.SendAsync(
            HttpMethod.Options, "/threads", null, ("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST"));
        Assert.False(preflight.Headers.Contains("Access-Control-Allow-Origin"));
        using var info = await fixture.Client.SendAsync(HttpMethod.Get, "/info", null, ("Origin", "https://evil.example"));
        Assert.False(info.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [InlineData("https://app.example.com;https://two.example.com:8443", "https://two.example.com:8443", true)]
    [InlineData("https://app.example.com", "http://localhost:3000", false)]
    [InlineData("none", "http://localhost:3000", false)]
    [InlineData("*", "https://anywhere.example", true)]
    public async Task Origins_are_those_of_the_settings(string setting, string origin, bool allowed)
    {
        await using var server = await TestServer.StartAsync($"--Cors:Origins={setting}");
        using var answer = await server.Client.SendAsync(HttpMethod.Post, "/threads/search", "{}", ("Origin", origin));
        Assert.Equal((allowed, allowed ? HttpStatusCode.OK : HttpStatusCode.Forbidden), (answer.Headers.Contains("Access-Control-Allow-Origin"), answer.StatusCode));
    }

    private static void AssertVisible(HttpResponseMessage answer, HttpStatusCode status)
    {
        Assert.Equal((status, Origin), (answer.StatusCode, answer.Header("Access-Control-Allow-Origin")));
        Assert.All(
            ["content-location", "location", "x-pagination-total", "x-pagination-next", "x-request-id"],
            header => Assert.Contains(header, answer.Header("Access-Control-Expose-Headers"), StringComparison.Ordinal));
    }
}
