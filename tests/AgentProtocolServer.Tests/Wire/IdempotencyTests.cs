using System.Net;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Clients repeat a POST whose answer they did not get (wire-contract 1.3); with a key that creates nothing anew.</summary>
public sealed class IdempotencyTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trap_5_a_repeated_create_gives_the_same_run(bool onThread)
    {
        var path = onThread ? $"/threads/{await client.NewThreadAsync()}/runs" : "/runs";
        var key = Key();
        var first = await client.SendAsync(HttpMethod.Post, path, Body, key).OkAsync();
        using var answer = await client.SendAsync(HttpMethod.Post, path, Body, key);
        Assert.Equal(first.Text("run_id"), (await Task.FromResult(answer).OkAsync()).Text("run_id"));
        Assert.EndsWith($"/runs/{first.Text("run_id")}", answer.Header("Content-Location"), StringComparison.Ordinal);
        Assert.NotEqual(first.Text("run_id"), (await client.PostAsync(path, Body).OkAsync()).Text("run_id"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Trap_4_a_repeated_wait_waits_for_the_same_run(bool onThread)
    {
        var thread = await client.NewThreadAsync();
        var path = onThread ? $"/threads/{thread}/runs/wait" : "/runs/wait";
        var key = Key();
        var values = await client.SendAsync(HttpMethod.Post, path, Body, key).OkAsync();
        var again = await client.SendAsync(HttpMethod.Post, path, Body, key).OkAsync();
        Assert.Equal(["human: hello", "ai: echo: hello"], values.Conversation());
        Assert.Equal(values.GetRawText(), again.GetRawText());
    }

    [Fact]
    public async Task A_repeated_stream_has_the_same_address_and_the_same_events()
    {
        var path = $"/threads/{await client.NewThreadAsync()}/runs/stream";
        var key = Key();
        using var first = await client.OpenAsync(HttpMethod.Post, path, Body, key);
        var events = await first.EventsAsync().ToListAsync(Token);
        using var second = await client.OpenAsync(HttpMethod.Post, path, Body, key);
        Assert.Equal(first.Header("Location"), second.Header("Location"));
        Assert.Equal(events, await second.EventsAsync().ToListAsync(Token));
    }

    [Fact]
    public async Task A_repeated_thread_is_the_same_thread()
    {
        var key = Key();
        var first = await client.SendAsync(HttpMethod.Post, "/threads", "{}", key).OkAsync();
        Assert.Equal(first.Text("thread_id"), (await client.SendAsync(HttpMethod.Post, "/threads", "{}", key).OkAsync()).Text("thread_id"));
    }

    [Fact]
    public async Task A_key_belongs_to_one_route_one_thread_and_one_body()
    {
        var thread = await client.NewThreadAsync();
        var key = Key();
        await client.SendAsync(HttpMethod.Post, $"/threads/{thread}/runs", Body, key).OkAsync();
        foreach (var (path, body) in new[]
        {
            ($"/threads/{thread}/runs", Body.Replace("hello", "else", StringComparison.Ordinal)), ($"/threads/{thread}/runs/wait", Body),
            ($"/threads/{thread}/runs/stream", Body), ($"/threads/{await client.NewThreadAsync()}/runs", Body), ("/runs", Body), ("/threads", Body),
        })
        {
            var error = await client.SendAsync(HttpMethod.Post, path, body, key).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
            Assert.Equal(["header.Idempotency-Key"], error.Locations());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("tab\tbetween")]
    [InlineData(256)]
    public async Task A_key_is_1_to_255_visible_characters(object given)
    {
        var header = ("Idempotency-Key", given as string ?? new string('k', (int)given));
        foreach (var path in new[] { "/threads", "/runs", "/runs/stream", "/runs/wait" })
        {
            var error = await client.SendAsync(HttpMethod.Post, path, "{}", header).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
            Assert.Equal(["header.Idempotency-Key"], error.Locations());
        }

        await client.SendAsync(HttpMethod.Post, "/threads", "{}", ("Idempotency-Key", Guid.NewGuid() + new string('k', 219))).OkAsync();
    }

    private const string Body = """{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"hello"}]}}""";

    private static (string, string) Key() => ("Idempotency-Key", Guid.NewGuid().ToString());
}
