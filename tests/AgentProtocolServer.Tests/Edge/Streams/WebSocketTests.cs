using System.Net;
using System.Net.WebSockets;
using System.Text.Json;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Engine.Streams;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Protocol;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Edge.Streams;

/// <summary>What only a WebSocket can: several subscriptions beside commands (wire-contract 6.7, 6.10).</summary>
public sealed class WebSocketTests : IAsyncLifetime
{
    private const int MaxMessage = 2048;

    private readonly FakeThread thread = new();
    private readonly ManualTime time = new();
    private EdgeHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await EdgeHost.StartAsync(configure: builder =>
    {
        builder.Configuration.AddInMemoryCollection([new("Limits:MaxBodyBytes", $"{MaxMessage}")]);
        builder.Services.AddSingleton<IThreadStreams>(thread);
        builder.Services.AddSingleton<TimeProvider>(time);
    });

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task The_answer_comes_first_then_the_replay_it_has_counted_then_what_happens()
    {
        thread.StartRun().Lifecycle("running").Add("values", """{"a":1}""").Add("values", """{"a":2}""");
        await using var socket = await ConnectAsync();
        var answer = await SubscribeAsync(socket, new { channels = new[] { "values" } });
        Assert.Equal(2, answer.GetProperty("replayed_events").GetInt64());
        thread.Add("values", """{"a":3}""");
        Assert.Equal([1_000_000_001, 1_000_000_002, 1_000_000_003], await SeqsAsync(socket, 3));
    }

    [Fact]
    public async Task Nothing_is_replayed_where_nothing_has_happened()
    {
        // Wire-contract 13.44: also before the first run, and while the current one has said nothing yet.
        await using var socket = await ConnectAsync();
        Assert.Equal(0, (await SubscribeAsync(socket, new { channels = new[] { "lifecycle" } })).GetProperty("replayed_events").GetInt64());
        thread.StartRun().Lifecycle("running").Lifecycle("completed").StartRun();
        await SeqsAsync(socket, 2);
        Assert.Equal(0, (await SubscribeAsync(socket, new { channels = new[] { "lifecycle" } })).GetProperty("replayed_events").GetInt64());
    }

    [Fact]
    public async Task An_event_that_several_subscriptions_want_arrives_once_and_in_order()
    {
        // A client takes what follows the end of a run for the next run's, so no subscription may lag behind another.
        thread.StartRun();
        await using var socket = await ConnectAsync();
        await SubscribeAsync(socket, new { channels = new[] { "lifecycle" } });
        await SubscribeAsync(socket, new { channels = new[] { "values", "lifecycle" } });
        await SubscribeAsync(socket, new { channels = new[] { "messages", "lifecycle" } });
        thread.Lifecycle("running").Add("messages", "{}").Add("values", "{}").Lifecycle("completed").StartRun().Lifecycle("running");
        Assert.Equal([1_000_000_000, 1_000_000_001, 1_000_000_002, 1_000_000_003, 2_000_000_000], await SeqsAsync(socket, 5));
    }

    [Fact]
    public async Task A_later_subscription_gets_its_own_replay_and_nothing_is_lost_for_the_others()
    {
        thread.StartRun().Lifecycle("running").Add("values", "{}");
        await using var socket = await ConnectAsync();
        await SubscribeAsync(socket, new { channels = new[] { "lifecycle" } });
        Assert.Equal([1_000_000_000], await SeqsAsync(socket, 1));
        Assert.Equal(1, (await SubscribeAsync(socket, new { channels = new[] { "values" } })).GetProperty("replayed_events").GetInt64());
        thread.Lifecycle("completed");
        Assert.Equal([1_000_000_001, 1_000_000_002], await SeqsAsync(socket, 2));
    }

    [Fact]
    public async Task A_subscription_to_the_next_run_does_not_cost_the_others_the_end_of_the_last()
    {
        thread.StartRun().Lifecycle("running");
        await using var socket = await ConnectAsync();
        await SubscribeAsync(socket, new { channels = new[] { "lifecycle" } });
        Assert.Equal([1_000_000_000], await SeqsAsync(socket, 1));
        thread.Hold();
        thread.Lifecycle("completed").StartRun().Add("values", "{}");
        var id = await socket.SendAsync("subscription.subscribe", new { channels = new[] { "values" } }, Token);
        List<JsonElement> seen = [await socket.ReadAsync(Token), await socket.ReadAsync(Token), await socket.ReadAsync(Token)];
        Assert.Contains(seen, message => message.TryGetProperty("id", out var answered) && answered.GetInt64() == id);
        Assert.Equal([1_000_000_001, 2_000_000_000], seen.Where(message => message.Text("type") == "event").Select(message => message.GetProperty("seq").GetInt64()));
    }

    [Fact]
    public async Task Subscriptions_that_arrive_together_are_replayed_together()
    {
        // Else the JavaScript SDK, which opens several at once, takes a short run for over before it has seen its values.
        thread.StartRun().Lifecycle("running").Add("values", "{}").Lifecycle("completed");
        var sent = System.Threading.Channels.Channel.CreateUnbounded<string>();
        await using var subscriptions = new SocketSubscriptions(
            (start, cancellationToken) => thread.OpenAsync("local", thread.ThreadId, start, cancellationToken),
            item => sent.Writer.WriteAsync(item.Name, Token).AsTask());
        foreach (var channels in new[] { new[] { "lifecycle" }, ["values", "lifecycle"] })
        {
            await subscriptions.AddAsync(EventFilter.Create(new() { Channels = channels }, refusesUnknown: true), null, Token);
        }

        subscriptions.Resume();
        Assert.Equal(["lifecycle", "values", "lifecycle"], await sent.Reader.ReadAllAsync(Token).Take(3).ToListAsync(Token));
    }

    [Fact]
    public async Task A_subscription_may_say_since_when_as_the_python_sdk_does()
    {
        thread.StartRun().Lifecycle("running").Lifecycle("completed").StartRun().Lifecycle("running");
        await using var socket = await ConnectAsync();
        Assert.Equal(2, (await SubscribeAsync(socket, new { channels = new[] { "lifecycle" }, since = 1_000_000_000 })).GetProperty("replayed_events").GetInt64());
        Assert.Equal([1_000_000_001, 2_000_000_000], await SeqsAsync(socket, 2));
    }

    [Fact]
    public async Task A_subscription_that_was_ended_says_nothing_more()
    {
        thread.StartRun();
        await using var socket = await ConnectAsync();
        var values = (await SubscribeAsync(socket, new { channels = new[] { "values" } })).Text("subscription_id");
        await SubscribeAsync(socket, new { channels = new[] { "lifecycle" } });
        Assert.Equal("{}", (await AnswerAsync(socket, "subscription.unsubscribe", new { subscriptionId = values })).GetProperty("result").GetRawText());
        thread.Add("values", "{}").Lifecycle("running");
        Assert.Equal([1_000_000_001], await SeqsAsync(socket, 1));
        Assert.Equal("no_such_subscription", (await AnswerAsync(socket, "subscription.unsubscribe", new { subscription_id = values })).Text("error"));
    }

    [Fact]
    public async Task Without_subscriptions_nobody_reads()
    {
        await using var socket = await ConnectAsync();
        var id = (await SubscribeAsync(socket, new { channels = new[] { "values" } })).Text("subscription_id");
        await ReadersAsync(1);
        await AnswerAsync(socket, "subscription.unsubscribe", new { subscription_id = id });
        await ReadersAsync(0);

        // The answer to a subscription does not wait until its reading has begun.
        Task ReadersAsync(int count) => Until.TrueAsync(() => Task.FromResult(thread.Readers == count), Token);
    }

    [Fact]
    public async Task Commands_are_answered_in_their_order_while_events_go_on()
    {
        thread.StartRun();
        await using var socket = await ConnectAsync();
        await SubscribeAsync(socket, new { channels = new[] { "custom" } });
        for (var number = 0; number < 50; number++)
        {
            thread.Add("custom", "{}");
            await socket.SendAsync("run.dance", null, Token);
        }

        List<long> answers = [], events = [];
        while (answers.Count + events.Count < 100)
        {
            var message = await socket.ReadAsync(Token);
            (message.Text("type") == "event" ? events : answers).Add(message.GetProperty(message.Text("type") == "event" ? "seq" : "id").GetInt64());
        }

        Assert.Equal(Enumerable.Range(2, 50).Select(id => (long)id), answers);
        Assert.Equal(Enumerable.Range(0, 50).Select(seq => 1_000_000_000L + seq), events);
    }

    [Theory]
    [InlineData("""{""")]
    [InlineData("""[1]""")]
    [InlineData("""{"id":1.5,"method":"state.get"}""")]
    [InlineData("""{"id":"1","method":"state.get"}""")]
    [InlineData("""{"id":-1,"method":"state.get"}""")]
    [InlineData("""{"method":"state.get"}""")]
    [InlineData("""{"id":1}""")]
    [InlineData("""{"id":1,"method":2}""")]
    [InlineData("""{"id":1,"method":"\ud800"}""")]
    [InlineData("""{"id":1,"id":2,"method":"state.get"}""")]
    public async Task What_is_no_command_is_refused_without_a_number_and_the_connection_goes_on(string text)
    {
        await using var socket = await ConnectAsync();
        await socket.SendTextAsync(text, Token);
        var answer = await socket.ReadAsync(Token);
        Assert.Equal(("error", JsonValueKind.Null, "invalid_argument"), (answer.Text("type"), answer.GetProperty("id").ValueKind, answer.Text("error")));
        await SubscribeAsync(socket, new { channels = new[] { "values" } });
    }

    [Fact]
    public async Task Messages_may_be_binary()
    {
        await using var socket = await ConnectAsync();
        await socket.SendTextAsync("""{"id":7,"method":"subscription.subscribe","params":{"channels":["values"]}}""", Token, WebSocketMessageType.Binary);
        Assert.Equal(7, (await socket.ReadAsync(Token)).GetProperty("id").GetInt64());
    }

    [Fact]
    public async Task A_channel_that_does_not_exist_is_refused_here_and_ignored_on_an_event_stream()
    {
        await using var socket = await ConnectAsync();
        var answer = await AnswerAsync(socket, "subscription.subscribe", new { channels = new[] { "values", "video" } });
        Assert.Equal("invalid_argument", answer.Text("error"));
        await using var events = await new SseTransport(host.Client, EventStreamTests.SdkPath).OpenAsync(thread.ThreadId, new { channels = new[] { "video" } }, Token);
    }

    [Fact]
    public async Task A_connection_has_a_limit_of_subscriptions()
    {
        await using var socket = await ConnectAsync();
        for (var number = 0; number < 100; number++)
        {
            await SubscribeAsync(socket, new { channels = new[] { "values" } });
        }

        Assert.Equal("invalid_argument", (await AnswerAsync(socket, "subscription.subscribe", new { channels = new[] { "values" } })).Text("error"));
    }

    [Fact]
    public async Task A_message_beyond_the_limit_closes_the_connection()
    {
        await using var socket = await ConnectAsync();
        await socket.SendTextAsync(new string(' ', MaxMessage + 1), Token);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, await ClosedAsync(socket));
    }

    [Fact]
    public async Task A_stop_aborts_so_that_clients_come_back_a_defect_closes_as_one_and_a_deleted_thread_normally()
    {
        await using var deleted = await ConnectAsync();
        await SubscribeAsync(deleted, new { channels = new[] { "values" } });
        thread.Delete();
        Assert.Equal(WebSocketCloseStatus.NormalClosure, await ClosedAsync(deleted));

        thread.Defect = new InvalidOperationException("defect");
        await using var broken = await ConnectAsync();
        await broken.SendAsync("subscription.subscribe", new { channels = new[] { "values" } }, Token);
        Assert.Equal(WebSocketCloseStatus.InternalServerError, await ClosedAsync(broken));

        await using var stopped = await ConnectAsync();
        host.Lifetime.StopApplication();
        await Assert.ThrowsAsync<WebSocketException>(() => stopped.ReadAsync(Token));
        Assert.Null(stopped.CloseStatus);
    }

    [Fact]
    public async Task A_client_that_closes_is_answered_in_kind_and_read_for_no_longer()
    {
        await using var socket = await ConnectAsync();
        await SubscribeAsync(socket, new { channels = new[] { "values" } });
        await socket.CloseAsync(Token);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        await Until.TrueAsync(() => Task.FromResult(thread.Readers == 0), Token);
    }

    [Fact]
    public async Task A_client_that_takes_nothing_loses_the_connection_and_not_an_event()
    {
        thread.StartRun();
        await using var socket = await ConnectAsync();
        await SubscribeAsync(socket, new { channels = new[] { "custom" } });
        var data = $$"""{"payload":"{{new string('x', 1024 * 1024)}}"}""";
        for (var number = 0; number < 64; number++)
        {
            thread.Add("custom", data);
        }

        // The timer is set when the buffers of both sides are full.
        await time.ArmedAsync(Token);
        while (thread.Readers > 0)
        {
            time.Advance(SocketWriter.Patience);
            await Task.Yield();
        }

        var seen = new List<long>();
        await Assert.ThrowsAnyAsync<WebSocketException>(async () =>
        {
            while (true)
            {
                seen.Add((await socket.ReadAsync(Token)).GetProperty("seq").GetInt64());
            }
        });
        Assert.Equal(Enumerable.Range(0, seen.Count).Select(number => 1_000_000_000L + number), seen);
        Assert.True(seen.Count < 64);
    }

    [Fact]
    public async Task Threads_of_others_and_paths_without_an_id_are_refused_before_the_handshake()
    {
        foreach (var (id, status) in new[] { ($"{thread.Foreign}", HttpStatusCode.NotFound), ("x", HttpStatusCode.UnprocessableEntity) })
        {
            foreach (var path in new[] { EventStreamTests.AgentProtocolPath, EventStreamTests.SdkPath })
            {
                using var client = new ClientWebSocket();
                client.Options.CollectHttpResponseDetails = true;
                var address = new UriBuilder(new Uri(host.Client.BaseAddress!, $"/threads/{id}/{path}")) { Scheme = "ws" };
                await Assert.ThrowsAsync<WebSocketException>(() => client.ConnectAsync(address.Uri, Token));
                Assert.Equal(status, client.HttpStatusCode);
                await host.Client.PostTextAsync($"/threads/{id}/{path}", """{"channels":["values"]}""").ContinueWith(
                    async answer => Assert.Equal(status, (await answer).StatusCode), TaskScheduler.Default).Unwrap();
            }
        }
    }

    [Fact]
    public async Task Over_HTTP_2_a_WebSocket_is_opened_with_CONNECT()
    {
        thread.StartRun().Lifecycle("running");
        using var handler = new SocketsHttpHandler();
        using var invoker = new HttpMessageInvoker(handler);
        using var client = new ClientWebSocket();
        client.Options.HttpVersion = HttpVersion.Version20;
        client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        await using var http2 = await EdgeHost.StartAsync(configure: builder =>
        {
            builder.Services.AddSingleton<IThreadStreams>(thread);
            builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2));
        });
        var address = new UriBuilder(new Uri(new Uri(http2.Urls[1]), $"/threads/{thread.ThreadId}/stream/events")) { Scheme = "ws" };
        await client.ConnectAsync(address.Uri, invoker, Token);
        Assert.Equal(WebSocketState.Open, client.State);
    }

    [Theory]
    [InlineData("https://good.example", true)]
    [InlineData("https://bad.example", false)]
    [InlineData(null, true)]
    public async Task Only_pages_of_origins_that_the_host_allows_may_connect(string? origin, bool allowed)
    {
        await using var choosy = await EdgeHost.StartAsync(configure: builder =>
        {
            builder.Configuration.AddInMemoryCollection([new("Cors:Origins", "*")]);
            builder.Services.AddSingleton<IThreadStreams>(thread);
            builder.Services.Configure<WebSocketOptions>(options => options.AllowedOrigins.Add("https://good.example"));
        });
        using var client = new ClientWebSocket();
        client.Options.CollectHttpResponseDetails = true;
        client.Options.SetRequestHeader("Origin", origin);
        var address = new UriBuilder(new Uri(choosy.Client.BaseAddress!, $"/threads/{thread.ThreadId}/stream/events")) { Scheme = "ws" };
        var error = await Record.ExceptionAsync(() => client.ConnectAsync(address.Uri, Token));
        Assert.Equal((allowed, allowed ? HttpStatusCode.SwitchingProtocols : HttpStatusCode.Forbidden), (error is null, client.HttpStatusCode));
    }

    [Fact]
    public async Task The_path_of_the_SDKs_answers_a_plain_GET_with_426()
    {
        using var response = await host.Client.GetAsync($"/threads/{thread.ThreadId}/stream/events", Token);
        await response.RefusedAsync(HttpStatusCode.UpgradeRequired, "bad_request");
        Assert.Equal("websocket", response.Header("Upgrade"));
    }

    private Task<ProtocolSocket> ConnectAsync() =>
        ProtocolSocket.ConnectAsync(host.Client.BaseAddress!, $"/threads/{thread.ThreadId}/stream/events", Token);

    private static async Task<JsonElement> SubscribeAsync(ProtocolSocket socket, object filter)
    {
        var answer = await AnswerAsync(socket, "subscription.subscribe", filter);
        Assert.Equal("success", answer.Text("type"));
        return answer.GetProperty("result");
    }

    private static async Task<JsonElement> AnswerAsync(ProtocolSocket socket, string method, object parameters)
    {
        var id = await socket.SendAsync(method, parameters, Token);
        var answer = await socket.ReadAsync(Token);
        Assert.Equal(id, answer.GetProperty("id").GetInt64());
        return answer;
    }

    private static async Task<List<long>> SeqsAsync(ProtocolSocket socket, int count)
    {
        List<long> seqs = [];
        while (seqs.Count < count)
        {
            seqs.Add((await socket.ReadAsync(Token)).GetProperty("seq").GetInt64());
        }

        return seqs;
    }

    private static async Task<WebSocketCloseStatus?> ClosedAsync(ProtocolSocket socket)
    {
        await Assert.ThrowsAsync<EndOfStreamException>(() => socket.ReadAsync(Token));
        return socket.CloseStatus;
    }
}
