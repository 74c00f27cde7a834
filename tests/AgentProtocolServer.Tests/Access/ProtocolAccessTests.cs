using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using AgentProtocol.Engine.Access;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>Who may follow and steer a thread through the streaming protocol (wire-contract 13.14).</summary>
public sealed class ProtocolAccessTests(KeyedServerFixture fixture) : IClassFixture<KeyedServerFixture>
{
    private const string Read = """{"id":2,"method":"state.get","params":{"namespace":[]}}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_may_only_read_starts_nothing_over_either_transport()
    {
        var thread = await (await fixture.Server.ClientOfAsync("owner")).NewThreadAsync();
        var reader = await fixture.Server.ClientOfAsync("owner", "read");
        using var socket = await AccessSockets.ConnectAsync(reader, $"/threads/{thread}/stream/events");
        foreach (var method in new[] { "run.start", "input.respond", "input.inject", "state.fork" })
        {
            var command = JsonSerializer.Serialize(new { id = 1, method, @params = new { assistant_id = "echo" } });
            Assert.Equal("permission_denied", (await reader.PostAsync($"/threads/{thread}/commands", command).OkAsync()).Text("error"));
            Assert.Equal("permission_denied", (await socket.AnswerAsync(command)).Text("error"));
        }

        Assert.Equal("success", (await reader.PostAsync($"/threads/{thread}/commands", Read).OkAsync()).Text("type"));
        Assert.Equal("success", (await socket.AnswerAsync(Read)).Text("type"));
    }

    [Fact]
    public async Task A_socket_whose_key_was_revoked_carries_out_nothing_more_and_is_closed()
    {
        var client = await fixture.Server.ClientOfAsync("revoked");
        using var socket = await AccessSockets.ConnectAsync(client, $"/threads/{await client.NewThreadAsync()}/stream/events");
        Assert.Equal("success", (await socket.AnswerAsync(Read)).Text("type"));
        var keys = fixture.Server.Services.GetRequiredService<ApiKeys>();
        await keys.RevokeAsync((await keys.ListAsync(Token)).Single(key => key.Owner == "revoked").Prefix, Token);
        await ClosedSoonAsync(socket);
    }

    [Fact]
    public async Task A_socket_that_was_opened_without_a_key_ends_with_the_first_key()
    {
        await using var server = await TestServer.StartAsync();
        using var socket = await AccessSockets.ConnectAsync(server.Client, $"/threads/{await server.Client.NewThreadAsync()}/stream/events");
        Assert.Equal("success", (await socket.AnswerAsync(Read)).Text("type"));
        await server.ClientOfAsync("somebody");
        await ClosedSoonAsync(socket);
    }

    [Fact]
    public async Task A_thread_of_another_is_unknown_to_streams_and_commands()
    {
        var thread = await (await fixture.Server.ClientOfAsync("owner")).NewThreadAsync();
        var other = await fixture.Server.ClientOfAsync("other");
        foreach (var path in new[] { "stream", "stream/events" })
        {
            await other.PostAsync($"/threads/{thread}/{path}", new { channels = new[] { "values" } }).RefusedAsync(HttpStatusCode.NotFound, "not_found");
        }

        await other.SendAsync(HttpMethod.Get, $"/threads/{thread}/stream").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await Assert.ThrowsAsync<WebSocketException>(() => AccessSockets.ConnectAsync(other, $"/threads/{thread}/stream/events"));
        foreach (var method in new[] { "run.start", "state.get", "agent.getTree" })
        {
            var answer = await other.PostAsync($"/threads/{thread}/commands", new { id = 1, method, @params = new { assistant_id = "echo", input = Protocol.Say("x") } }).OkAsync();
            Assert.Equal("no_such_run", answer.Text("error"));
        }
    }

    private static async Task ClosedSoonAsync(ClientWebSocket socket)
    {
        await Until.TrueAsync(
            async () => await socket.AnswerAsync(Read) is var answer && answer.Text("type") == "error" && answer.Text("error") == "permission_denied",
            Token);
        await socket.ReceiveAsync(new byte[16], Token);
        Assert.Equal(WebSocketCloseStatus.PolicyViolation, socket.CloseStatus);
    }
}
