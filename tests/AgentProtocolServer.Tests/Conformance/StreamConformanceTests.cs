using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.OpenApi;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>The tag "Streaming" of the Agent Protocol's document. With keys, because a thread is unknown only to those whom it does not belong to (wire-contract 6.8).</summary>
public sealed class StreamConformanceTests(KeyedServerFixture fixture) : IClassFixture<KeyedServerFixture>
{
    private const string Stream = "POST /threads/{thread_id}/stream";
    private const string Socket = "GET /threads/{thread_id}/stream";
    private const string Commands = "POST /threads/{thread_id}/commands";

    private static readonly string[] Channels = ["values", "updates", "messages", "tools", "lifecycle", "input", "checkpoints", "tasks", "custom"];

    private static readonly (string, string)[] Upgrade =
        [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")];

    private readonly string id = $"{Guid.NewGuid()}";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Proves(Stream, Client.AgentProtocol)]
    public async Task A_thread_s_events_are_streamed()
    {
        var (own, other) = await ClientsAsync();
        using var response = await own.OpenAsync(HttpStatusCode.OK, Stream, id, new { channels = Channels, namespaces = new[] { Array.Empty<string>() }, depth = 3, more = "is ignored" });
        await own.OkAsync(Commands, id, Start("hello there"));
        var events = new List<JsonElement>();
        await foreach (var item in response.EventsAsync())
        {
            await SchemaTests.AssertValidAsync("StreamingEvent", item.Data);
            Assert.Equal((item.Data.Text("eventId"), item.Data.Text("method")), ($"{item.Id}", item.Name));
            events.Add(item.Data);
            if (IsEnd(item.Data))
            {
                break;
            }
        }

        using var rest = await own.OpenAsync(HttpStatusCode.OK, Stream, id, new { channels = Channels, since = events[^2].GetProperty("seq").GetInt64() });
        Assert.Equal(events[^1].GetRawText(), (await rest.EventsAsync().FirstAsync(Token)).Data.GetRawText());

        await other.CallAsync(HttpStatusCode.NotFound, Stream, id, new { channels = Channels });
        await own.CallAsync(HttpStatusCode.UnprocessableEntity, Stream, "no-uuid", new { channels = Channels });
        await own.RefusesBodiesAsync(
            Stream, id, new { }, new { channels = Array.Empty<string>() }, new { channels = 7 }, new { channels = Channels, namespaces = 7 }, new { channels = Channels, depth = -1 },
            new { channels = Channels, since = "x" });
    }

    [Fact]
    [Proves(Socket, Client.AgentProtocol)]
    public async Task A_thread_is_followed_and_steered_over_a_WebSocket()
    {
        var (own, other) = await ClientsAsync();
        using var response = await own.OpenAsync(HttpStatusCode.SwitchingProtocols, Socket, id, null, Upgrade);
        using var socket = WebSocket.CreateFromStream(await response.Content.ReadAsStreamAsync(Token), new WebSocketCreationOptions());
        Assert.Equal("success", (await AnswerAsync(socket, new { id = 1, method = "subscription.subscribe", @params = new { channels = Channels } })).Text("type"));
        Assert.Equal("error", (await AnswerAsync(socket, new { id = 2, method = "run.dance" })).Text("type"));
        Assert.Equal(JsonValueKind.Null, (await AnswerAsync(socket, new { method = "state.get" })).GetProperty("id").ValueKind);

        await SendAsync(socket, Start("hello there"));
        JsonElement message;
        do
        {
            message = await ReadAsync(socket);
            await SchemaTests.AssertValidAsync(message.Text("type") == "event" ? "StreamingEvent" : "StreamingCommandResponse", message);
        }
        while (!IsEnd(message));

        await other.CallAsync(HttpStatusCode.NotFound, Socket, id, headers: Upgrade);
        await own.CallAsync(HttpStatusCode.UnprocessableEntity, Socket, "no-uuid", headers: Upgrade);
    }

    [Fact]
    [Proves(Commands, Client.AgentProtocol)]
    public async Task A_thread_is_sent_commands()
    {
        var (own, other) = await ClientsAsync();
        var started = await own.OkAsync(Commands, id, Start("hello"));
        Assert.Equal(("success", 3), (started.Text("type"), started.GetProperty("id").GetInt32()));
        Assert.Equal("success", (await own.OkAsync(Commands, id, new { id = 4, method = "state.get", @params = new { @namespace = Array.Empty<string>() } })).Text("type"));
        Assert.Equal("unknown_command", (await own.OkAsync(Commands, id, new { id = 5, method = "run.dance" })).Text("error"));
        Assert.Equal("no_such_run", (await other.OkAsync(Commands, id, Start("mine"))).Text("error"));
        await own.CallAsync(HttpStatusCode.UnprocessableEntity, Commands, "no-uuid", new { id = 1, method = "agent.getTree" });
        await own.RefusesBodiesAsync(Commands, id, new { }, new { id = 1 }, new { id = "x", method = "state.get" }, new { id = -1, method = "state.get" }, new { id = 1, method = 7 }, Array.Empty<int>());
    }

    private static object Start(string text) => new { id = 3, method = "run.start", @params = new { assistant_id = "echo", input = Protocol.Say(text) } };

    private static bool IsEnd(JsonElement message) => message.Text("type") == "event" && message.Text("method") == "lifecycle"
        && message.GetProperty("params").GetProperty("data").Text("event") == "completed";

    private async Task<(ProtocolClient Own, ProtocolClient Other)> ClientsAsync() =>
        (new(await fixture.Server.ClientOfAsync("own")), new(await fixture.Server.ClientOfAsync("other")));

    private static async Task<JsonElement> AnswerAsync(WebSocket socket, object command)
    {
        await SendAsync(socket, command);
        var answer = await ReadAsync(socket);
        await SchemaTests.AssertValidAsync("StreamingCommandResponse", answer);
        return answer;
    }

    private static Task SendAsync(WebSocket socket, object command) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(command), WebSocketMessageType.Text, endOfMessage: true, Token);

    private static async Task<JsonElement> ReadAsync(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        var received = await socket.ReceiveAsync(buffer, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.True(received.EndOfMessage);
        return JsonDocument.Parse(buffer.AsMemory(0, received.Count)).RootElement;
    }
}
