using System.Net;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.Processes;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>What the committed proxy configuration must not get in the way of, with a real nginx.</summary>
public sealed class NginxTests(ProxiedNodes nodes) : IClassFixture<ProxiedNodes>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nginx_takes_the_configuration()
    {
        var (exitCode, output) = await NginxProcess.CheckAsync();
        Assert.True(exitCode == 0, output);
        Assert.DoesNotContain("[warn]", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Both_nodes_serve()
    {
        using var client = await nodes.ClientAsync();
        nodes.TakeRoutes();
        for (var i = 0; i < 4; i++)
        {
            await client.GetJsonAsync("/info");
        }

        Assert.All(nodes.TakeRoutes(), routes => Assert.Contains("GET /info", routes));
    }

    [Fact]
    public async Task Events_arrive_while_their_run_is_still_at_work()
    {
        using var client = await nodes.ClientAsync();
        var thread = await client.NewThreadAsync();
        using var stream = await client.OpenStepsAsync(thread, "steps 10000");
        var run = RunLogs.RunIdOf(stream);
        await using var reading = stream.EventsAsync().GetAsyncEnumerator(Token);
        do
        {
            Assert.True(await reading.MoveNextAsync());
        }
        while (reading.Current.Name != "custom");

        // The run has ten thousand steps: what arrived of it by now was not kept back.
        Assert.Equal("running", (await client.GetJsonAsync($"/threads/{thread}/runs/{run}")).Text("status"));
        await client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task A_WebSocket_is_opened_and_carries_commands_and_events()
    {
        using var client = await nodes.ClientAsync();
        var thread = await client.NewThreadAsync();
        await using var socket = await ProtocolSocket.ConnectAsync(client.BaseAddress!, $"/threads/{thread}/stream/events", Token);
        var id = await socket.SendAsync("subscription.subscribe", new { channels = new[] { "lifecycle" } }, Token);
        Assert.Equal(id, (await socket.ReadAsync(Token)).GetProperty("id").GetInt64());
        await client.AnswerAsync(thread, "hello");
        Assert.Equal("lifecycle", (await socket.ReadAsync(Token)).Text("method"));
        await socket.CloseAsync(Token);
    }

    [Fact]
    public async Task A_client_that_leaves_is_gone_for_the_server_too()
    {
        using var client = await nodes.ClientAsync();
        var thread = await client.NewThreadAsync();
        string run;
        using (var stream = await client.OpenAsync(HttpMethod.Post, $"/threads/{thread}/runs/stream", new
        {
            assistant_id = "echo",
            input = Protocol.Say("sleep 300"),
            on_disconnect = "cancel",
        }))
        {
            run = RunLogs.RunIdOf(stream);
            await client.WaitForStatusAsync(thread, run, "running");
        }

        await client.WaitForStatusAsync(thread, run, "interrupted");
    }

    [Fact]
    public async Task A_node_that_refuses_is_passed_over()
    {
        await using var nginx = await NginxProcess.StartAsync($"127.0.0.1:{FreePort.Take()}", nodes.Client.BaseAddress!.Authority);
        using var client = new HttpClient { BaseAddress = nginx.Address };
        for (var i = 0; i < 4; i++)
        {
            await client.NewThreadAsync();
        }
    }

    [Theory]
    [InlineData("POST", 1)]
    [InlineData("PATCH", 1)]
    [InlineData("GET", 2)]
    public async Task What_a_node_may_have_done_is_not_asked_of_another(string method, int expected)
    {
        await using var breaking = new BreakingNodes();
        await using var nginx = await NginxProcess.StartAsync(breaking.Addresses);
        using var client = new HttpClient { BaseAddress = nginx.Address };
        using var answer = await client.SendAsync(new HttpMethod(method), "/threads", method == "GET" ? null : new { });
        Assert.Equal((HttpStatusCode.BadGateway, expected), (answer.StatusCode, breaking.Requests));
    }

    [Fact]
    public async Task The_smoke_test_of_a_deployment_passes()
    {
        using var client = await nodes.ClientAsync();
        var (exitCode, output) = await Smoke.RunAsync(client.BaseAddress!, key: null);
        Assert.True(exitCode == 0, output);
    }
}
