using System.Net;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>A server without keys: whom it lets in, and until when.</summary>
public sealed class OpenServerTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_first_key_closes_a_running_server_and_opens_what_was_there_before()
    {
        await using var server = await TestServer.StartAsync();
        var thread = await server.Client.NewThreadAsync();
        var local = await server.ClientOfAsync("local");
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await server.Client.GetAsync($"/threads/{thread}", Token);
                return answer.StatusCode == HttpStatusCode.Unauthorized;
            },
            Token);
        Assert.Equal(thread, (await local.GetJsonAsync($"/threads/{thread}")).Text("thread_id"));
        var other = await server.ClientOfAsync("other");
        await other.SendAsync(HttpMethod.Get, $"/threads/{thread}").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        Assert.Empty(server.Errors);
    }

    [Fact]
    public async Task Mode_none_asks_for_no_key_even_when_there_are_some()
    {
        await using var server = await TestServer.StartAsync("--Auth:Mode=None");
        await server.ClientOfAsync("somebody");
        var thread = await server.Client.NewThreadAsync();
        await server.Client.SendAsync(HttpMethod.Get, $"/threads/{thread}", null, ("x-api-key", "lsv2_whatever"), ("x-auth-scheme", "langsmith")).OkAsync();
    }

    [Theory]
    [InlineData("https://evil.example", null, false)]
    [InlineData("http://localhost.evil.example:8123", null, false)]
    [InlineData("null", null, false)]
    [InlineData("http://localhost:5173", null, true)]
    [InlineData("https://127.0.0.1", null, true)]
    [InlineData("http://[::1]:3000", null, true)]
    [InlineData(null, null, true)]
    [InlineData(null, "localhost:8123", true)]
    [InlineData(null, "localhost.:8123", true)]
    [InlineData(null, "127.0.0.1.:8123", true)]
    [InlineData(null, "evil.example:8123", false)]
    [InlineData(null, "evil.example.:8123", false)]
    [InlineData("http://evil.example:8123", "evil.example:8123", false)]
    public async Task Pages_of_others_cannot_use_it_nor_can_a_name_that_points_here(string? origin, string? host, bool allowed)
    {
        // A browser posts text/plain to any address without asking first, and the server takes that for JSON (wire-contract 1.1).
        using var request = new HttpRequestMessage(HttpMethod.Post, "/runs/wait") { Content = new StringContent("{}") };
        request.Headers.Host = host;
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var answer = await fixture.Client.SendAsync(request, Token);
        if (allowed)
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        else
        {
            await Edge.Answers.RefusedAsync(answer, HttpStatusCode.Forbidden, "forbidden");
        }
    }

    [Fact]
    public async Task Allowed_hosts_name_what_else_an_open_server_answers_to()
    {
        await using var server = await TestServer.StartAsync("--AllowedHosts=agents.example;127.0.0.1");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/threads/search") { Content = new StringContent("{}") };
        request.Headers.Host = "agents.example";
        using var answer = await server.Client.SendAsync(request, Token);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }
}
