using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Webhooks;
using AgentProtocol.Testing.Time;
using AgentProtocol.Testing.Webhooks;
using Microsoft.Extensions.Options;
using Xunit;

namespace AgentProtocol.Engine.Tests.Webhooks;

/// <summary>What a call looks like, and whom it never reaches.</summary>
public sealed class WebhookSenderTests : IAsyncLifetime
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private WebhookStub stub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => stub = await WebhookStub.StartAsync();

    public ValueTask DisposeAsync() => stub.DisposeAsync();

    [Fact]
    public async Task A_call_is_signed_over_its_id_its_time_and_its_bytes()
    {
        using var sender = Sender(new WebhookOptions { AllowedNetworks = "127.0.0.1/32", Secret = Secret });

        Assert.Equal(new WebhookAnswer(204), await sender.SendAsync(Call(stub.Url.AbsoluteUri), Token));

        var request = Assert.Single(stub.Requests);
        Assert.Equal("""{"status":"success","text":"grün","updated_at":"2026-01-02T03:04:06Z","run_started_at":null,"run_ended_at":"2026-01-02T03:04:06Z","webhook_sent_at":"2026-01-02T03:04:07.5Z"}""", request.Body);
        var timestamp = request.Headers["Webhook-Timestamp"];
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 7, TimeSpan.Zero).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), timestamp);
        var expected = HMACSHA256.HashData(
            Convert.FromBase64String(Secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{request.Headers["Webhook-Id"]}.{timestamp}.{request.Body}"));
        Assert.Equal("v1," + Convert.ToBase64String(expected), request.Headers["Webhook-Signature"]);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("2130706433")]
    [InlineData("0x7f.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::1]")]
    [InlineData("0.0.0.0")]
    public async Task Loopback_is_refused_however_it_is_written(string host)
    {
        using var sender = Sender(new WebhookOptions());

        var answer = await sender.SendAsync(Call($"http://{host}:{stub.Url.Port}/"), Token);

        Assert.True(answer.IsRefused, answer.Error);
        Assert.Empty(stub.Requests);
    }

    [Fact]
    public async Task What_a_name_resolves_to_is_not_told()
    {
        using var sender = Sender(new WebhookOptions());

        Assert.Equal(
            "localhost has no public address, and private networks are not called",
            (await sender.SendAsync(Call($"http://localhost:{stub.Url.Port}/"), Token)).Error);
    }

    [Fact]
    public async Task A_host_that_is_allowed_may_be_anywhere()
    {
        using var sender = Sender(new WebhookOptions { AllowedHosts = "other, localhost" });

        Assert.Equal(204, (await sender.SendAsync(Call($"http://LOCALHOST:{stub.Url.Port}/"), Token)).StatusCode);
        Assert.True((await sender.SendAsync(Call(stub.Url.AbsoluteUri), Token)).IsRefused);
    }

    [Fact]
    public async Task A_redirect_leads_nowhere()
    {
        await using var door = await WebhookStub.StartAsync(307);
        door.BeforeAnswer = context =>
        {
            context.Response.Headers.Location = stub.Url.AbsoluteUri;
            return Task.CompletedTask;
        };
        using var sender = Sender(new WebhookOptions { AllowedHosts = "127.0.0.1" });

        Assert.Equal(307, (await sender.SendAsync(Call(door.Url.AbsoluteUri), Token)).StatusCode);
        Assert.Empty(stub.Requests);
    }

    [Fact]
    public async Task A_path_is_called_at_this_server_and_opens_no_way_for_its_address()
    {
        using var sender = Sender(new WebhookOptions { BaseUrl = $"{stub.Url.AbsoluteUri}base/" });

        Assert.Equal(204, (await sender.SendAsync(Call("/hook?x=1"), Token)).StatusCode);
        Assert.Equal("/base/hook", Assert.Single(stub.Requests).Path);
        // A connection to the same address is in the pool now.
        Assert.True((await sender.SendAsync(Call(stub.Url.AbsoluteUri), Token)).IsRefused);
    }

    [Fact]
    public async Task A_path_waits_for_an_address_that_is_not_known_yet()
    {
        using var sender = Sender(new WebhookOptions());

        var answer = await sender.SendAsync(Call("/hook"), Token);

        Assert.Equal((null, false), (answer.StatusCode, answer.IsRefused));
        Assert.Contains("Webhooks:BaseUrl", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_a_failure_that_may_pass()
    {
        using var sender = Sender(new WebhookOptions());

        var answer = await sender.SendAsync(Call("http://nobody.invalid/"), Token);

        Assert.Equal((null, false), (answer.StatusCode, answer.IsRefused));
        Assert.NotNull(answer.Error);
    }

    [Fact]
    public async Task A_target_that_does_not_answer_in_time_is_left()
    {
        var time = new ManualTimeProvider();
        stub.BeforeAnswer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        using var sender = Sender(new WebhookOptions { AllowedNetworks = "127.0.0.1/32" }, time);
        var sending = sender.SendAsync(Call(stub.Url.AbsoluteUri), Token);
        await stub.NextAsync(Token);

        time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal("No answer within 10 s", (await sending).Error);
    }

    [Fact]
    public async Task The_answers_body_is_not_waited_for()
    {
        stub.BeforeAnswer = async context =>
        {
            await context.Response.StartAsync(context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        };
        using var sender = Sender(new WebhookOptions { AllowedNetworks = "127.0.0.1/32" });

        Assert.Equal(204, (await sender.SendAsync(Call(stub.Url.AbsoluteUri), Token)).StatusCode);
    }

    private static WebhookSender Sender(WebhookOptions options, TimeProvider? time = null)
    {
        var wrapped = Options.Create(options);
        return new WebhookSender(new WebhookGuard(wrapped), new OwnAddress(() => [], wrapped), wrapped, time ?? TimeProvider.System);
    }

    private static ClaimedWebhook Call(string url) => new()
    {
        RunId = Guid.CreateVersion7(),
        Owner = "local",
        Url = url,
        Host = "",
        Body = """{"status":"success","text":"grün"}""",
        Attempt = 1,
        Fence = 1,
        EndedAt = new DateTime(2026, 1, 2, 3, 4, 6, DateTimeKind.Utc),
        SentAt = new DateTime(2026, 1, 2, 3, 4, 7, 500, DateTimeKind.Utc),
    };
}
