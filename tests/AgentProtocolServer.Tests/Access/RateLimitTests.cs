using System.Globalization;
using System.Net;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>How many requests a key may begin (wire-contract 1.3: 429 with Retry-After).</summary>
public sealed class RateLimitTests
{
    private const int Many = 60;

    [Theory]
    [InlineData("ApiKey")]
    [InlineData("None")]
    public async Task Too_many_at_once_are_429_and_say_when_to_come_back(string mode)
    {
        await using var server = await TestServer.StartAsync("--Limits:RequestsPerSecond=1", "--Limits:RequestBurst=3", $"--Auth:Mode={mode}");
        var client = mode == "None" ? server.Client : await server.ClientOfAsync("busy");
        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => client.SendAsync(HttpMethod.Get, "/agents/echo", null, ("Origin", "http://localhost:1"))));
        var refused = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.InRange(int.Parse(refused.Header("Retry-After"), CultureInfo.InvariantCulture), 1, 60);
        Assert.Equal("http://localhost:1", refused.Header("Access-Control-Allow-Origin"));
        await Edge.Answers.RefusedAsync(refused, HttpStatusCode.TooManyRequests, "rate_limited");

        // What says whether the server is well is not part of the load, nor is another key.
        foreach (var path in Enumerable.Repeat(new[] { "/ok", "/health/live", "/info" }, 10).SelectMany(paths => paths))
        {
            using var probe = await client.SendAsync(HttpMethod.Get, path);
            Assert.Equal(HttpStatusCode.OK, probe.StatusCode);
        }

        if (mode == "ApiKey")
        {
            await server.ClientOfAsync("calm");
        }
    }

    [Fact]
    public async Task Commands_on_a_socket_count_and_one_too_many_is_refused_while_the_socket_stays()
    {
        await using var server = await TestServer.StartAsync("--Limits:RequestsPerSecond=1", "--Limits:RequestBurst=10", "--Auth:Mode=None");
        using var socket = await AccessSockets.ConnectAsync(server.Client, $"/threads/{await server.Client.NewThreadAsync()}/stream/events");
        const string Read = """{"id":2,"method":"state.get","params":{"namespace":[]}}""";
        await Until.TrueAsync(async () => (await socket.AnswerAsync(Read)).GetRawText().Contains("Too many", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await Until.TrueAsync(async () => (await socket.AnswerAsync(Read)).GetProperty("type").GetString() == "success", TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task By_default_nothing_is_limited()
    {
        await using var server = await TestServer.StartAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, Many).Select(_ => server.Client.SendAsync(HttpMethod.Get, "/agents/echo")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
    }
}
