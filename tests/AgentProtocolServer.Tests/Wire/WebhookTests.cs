using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Webhooks;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>Webhooks, from the creating request to the target (wire-contract 4.1, 5.13).</summary>
public sealed class WebhookTests(WebhookTests.Fixture fixture) : IClassFixture<WebhookTests.Fixture>, IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly HttpClient client = fixture.Client;
    private WebhookStub target = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => target = await WebhookStub.StartAsync();

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await target.DisposeAsync();
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/webhook-deliveries")]
    public async Task The_target_gets_the_run_as_it_is_read_with_its_times_and_values()
    {
        var threadId = await client.NewThreadAsync();
        var run = await StartAsync(threadId, "hello");

        var call = await target.NextAsync(Token);

        var body = call.Json;
        var shown = await client.GetJsonAsync($"/threads/{threadId}/runs/{run}");
        Assert.Equal(
            shown.Members().Except(["error"]).Concat(["values", "run_started_at", "run_ended_at", "webhook_sent_at"]).Order(), body.Members().Order());
        foreach (var member in shown.Members().Except(["error"]))
        {
            Assert.Equal(shown.GetProperty(member).GetRawText(), body.GetProperty(member).GetRawText());
        }

        Assert.Equal("success", body.Text("status"));
        Assert.Equal(["human: hello", "ai: echo: hello"], body.GetProperty("values").Conversation());
        Assert.Equal(shown.Text("updated_at"), body.Text("run_ended_at"));
        Assert.True(body.GetProperty("run_started_at").GetDateTime() <= body.GetProperty("run_ended_at").GetDateTime());
        Assert.Equal("application/json", call.Headers["Content-Type"]);
        AssertSigned(call, run);
        Assert.Equal("delivered 204", await OutcomeAsync(threadId, run));
        Assert.Single(target.Requests);
    }

    [Fact]
    public async Task A_failure_is_told_with_its_message()
    {
        await StartAsync(await client.NewThreadAsync(), "fail boom");
        var body = (await target.NextAsync(Token)).Json;
        Assert.Equal(("error", "boom"), (body.Text("status"), body.Text("error")));
    }

    [Theory]
    [InlineData("sleep 600", 0)]
    [InlineData("later", 600)]
    public async Task A_cancelled_run_is_told_as_interrupted_whether_it_ran_or_not(string text, int delay)
    {
        var threadId = await client.NewThreadAsync();
        var run = await StartAsync(threadId, text, delay);
        if (delay == 0)
        {
            await client.WaitForStatusAsync(threadId, run, "running");
        }

        await client.PostAsync($"/threads/{threadId}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);

        var body = (await target.NextAsync(Token)).Json;
        Assert.Equal((run, "interrupted"), (body.Text("run_id"), body.Text("status")));
        Assert.Equal(delay > 0, body.GetProperty("run_started_at").ValueKind == JsonValueKind.Null);
        Assert.False(body.TryGetProperty("error", out _));
    }

    [Fact]
    public async Task Nobody_is_told_of_a_run_that_was_rolled_back()
    {
        var threadId = await client.NewThreadAsync();
        var erased = await StartAsync(threadId, "sleep 600");
        await client.WaitForStatusAsync(threadId, erased, "running");
        await client.PostAsync($"/threads/{threadId}/runs/{erased}/cancel?wait=1&action=rollback").EmptyAsync(HttpStatusCode.NoContent);
        await client.SendAsync(HttpMethod.Get, $"/threads/{threadId}/runs/{erased}/webhook-deliveries").RefusedAsync(HttpStatusCode.NotFound, "not_found");

        // What was owed would have come before what is owed later.
        var run = await StartAsync(threadId, "hello");

        Assert.Equal(run, (await target.NextAsync(Token)).Json.Text("run_id"));
        Assert.Single(target.Requests);
    }

    [Fact]
    public async Task Stateless_runs_streams_and_waits_tell_their_end_too()
    {
        foreach (var path in new[] { "/runs", "/runs/wait", "/runs/stream" })
        {
            using var response = await client.PostAsync(path, new { input = Protocol.Say(path), webhook = new Uri(target.Url, path) });
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var call = await target.NextAsync(Token);
            Assert.Equal(path, call.Path);
            Assert.Equal([$"human: {path}", $"ai: echo: {path}"], call.Json.GetProperty("values").Conversation());
        }
    }

    [Fact]
    public async Task A_path_is_called_at_this_server()
    {
        var threadId = await client.NewThreadAsync();
        // The body of the call is a fine body for a search.
        var body = new { assistant_id = Protocol.Echo, input = Protocol.Say("hello"), webhook = "/agents/search?x=1" };
        var run = (await client.PostAsync($"/threads/{threadId}/runs", body).OkAsync()).Text("run_id");
        Assert.Equal("delivered 200", await OutcomeAsync(threadId, run));
    }

    [Fact]
    public async Task Private_networks_are_not_called_unless_they_are_allowed()
    {
        await using var strict = await TestServer.StartAsync();
        var threadId = await strict.Client.NewThreadAsync();
        var body = new { assistant_id = Protocol.Echo, input = Protocol.Say("hello"), webhook = target.Url };
        var run = (await strict.Client.PostAsync($"/threads/{threadId}/runs", body).OkAsync()).Text("run_id");

        Assert.Equal("given_up ", await OutcomeAsync(threadId, run, strict.Client));
        Assert.Empty(target.Requests);
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"example.org\"")]
    [InlineData("\"ftp://example.org/x\"")]
    [InlineData("\"http://user:secret@example.org/x\"")]
    [InlineData("7")]
    [InlineData("{}")]
    public async Task What_is_no_address_is_refused_by_name(string webhook)
    {
        var refusal = await client.PostAsync("/runs", $$"""{"webhook":{{webhook}}}""").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.StartsWith("webhook:", refusal.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    [Proves("GET /threads/{thread_id}/runs/{run_id}/webhook-deliveries")]
    public async Task A_run_without_a_webhook_has_no_deliveries()
    {
        var threadId = await client.NewThreadAsync();
        var run = await client.StartAsync(threadId, "hello");
        Assert.Equal("[]", (await client.GetJsonAsync($"/threads/{threadId}/runs/{run}/webhook-deliveries")).GetRawText());
        await client.SendAsync(HttpMethod.Get, $"/threads/{Guid.NewGuid()}/runs/{run}/webhook-deliveries").RefusedAsync(HttpStatusCode.NotFound, "not_found");
        await client.SendAsync(HttpMethod.Get, $"/threads/{threadId}/runs/x/webhook-deliveries").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
    }

    private async Task<string> StartAsync(string threadId, string text, int delay = 0)
    {
        var body = new { assistant_id = Protocol.Echo, input = Protocol.Say(text), webhook = target.Url, after_seconds = delay };
        return (await client.PostAsync($"/threads/{threadId}/runs", body).OkAsync()).Text("run_id");
    }

    /// <summary>What became of the first delivery, once there was one.</summary>
    private async Task<string> OutcomeAsync(string threadId, string run, HttpClient? at = null)
    {
        JsonElement log = default;
        await Until.TrueAsync(
            async () => (log = await (at ?? client).GetJsonAsync($"/threads/{threadId}/runs/{run}/webhook-deliveries")).GetArrayLength() > 0,
            Token,
            TimeSpan.FromSeconds(60));
        Assert.Equal(["attempt", "sent_at", "status_code", "error", "duration_ms", "outcome"], log[0].Members());
        return $"{log[0].Text("outcome")} {log[0].GetProperty("status_code")}";
    }

    private static void AssertSigned(WebhookRequest call, string run)
    {
        var content = $"{run}.{call.Headers["Webhook-Timestamp"]}.{call.Body}";
        var expected = HMACSHA256.HashData(Convert.FromBase64String(Secret["whsec_".Length..]), Encoding.UTF8.GetBytes(content));
        Assert.Equal(("v1," + Convert.ToBase64String(expected), run), (call.Headers["Webhook-Signature"], call.Headers["Webhook-Id"]));
    }

    /// <summary>A server that may call the stub.</summary>
    public sealed class Fixture : ServerFixture
    {
        protected override string[] Settings => ["--Webhooks:AllowedNetworks=127.0.0.0/8", $"--Webhooks:Secret={Secret}"];
    }
}
