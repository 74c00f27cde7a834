using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Webhooks;
using Microsoft.Extensions.Options;
using Xunit;

namespace AgentProtocol.Engine.Tests.Webhooks;

/// <summary>What is decided without a network: addresses, secrets, pauses, settings.</summary>
public sealed class WebhookRulesTests
{
    [Theory]
    [InlineData("http://example.org")]
    [InlineData("https://example.org:8443/a?b=c#d")]
    [InlineData("HTTPS://EXAMPLE.ORG/x")]
    [InlineData("http://[2606:4700::1]/x")]
    [InlineData("/hooks/run?x=1")]
    [InlineData("/")]
    [InlineData("//example.org/x")]
    public void Http_addresses_and_own_paths_are_webhooks(string url) => Assert.Null(WebhookUrl.Problem(url));

    [Theory]
    [InlineData("")]
    [InlineData("example.org")]
    [InlineData("hooks/run")]
    [InlineData("ftp://example.org")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://")]
    [InlineData("http:///path")]
    [InlineData("https://user@example.org")]
    [InlineData("https://user:secret@example.org")]
    [InlineData("https://example.org/a b")]
    [InlineData("https://example.org/\n")]
    [InlineData("https://example.org/\0")]
    [InlineData("/a\r\nb")]
    public void Anything_else_is_none(string url) => Assert.NotNull(WebhookUrl.Problem(url));

    [Fact]
    public void A_webhook_has_at_most_65536_characters()
    {
        var url = "https://example.org/".PadRight(65_536, 'x');
        Assert.Null(WebhookUrl.Problem(url));
        Assert.NotNull(WebhookUrl.Problem(url + "x"));
    }

    [Fact]
    public void A_path_leads_to_this_server_whatever_it_looks_like()
    {
        var own = new OwnAddress(() => ["https://localhost:9443", "http://10.1.2.3:80", "http://[::]:8123/"], Options.Create(new WebhookOptions()));

        Assert.Equal("http://[::1]:8123/a", own.Resolve("/a")!.AbsoluteUri);
        Assert.Equal("[::1]", own.Resolve("//evil.example/a")!.Host);
        Assert.Equal("[::1]", own.Resolve("/@evil.example/a")!.Host);
        Assert.Equal("[::1]", own.Resolve("/\\evil.example/a")!.Host);
        Assert.Null(new OwnAddress(() => ["http://unix:/tmp/s"], Options.Create(new WebhookOptions())).Resolve("/a"));
        Assert.Equal(
            "https://app.example/base/a",
            new OwnAddress(() => [], Options.Create(new WebhookOptions { BaseUrl = "https://app.example/base/" })).Resolve("/a")!.AbsoluteUri);
    }

    [Fact]
    public void Private_addresses_are_called_only_in_networks_and_hosts_that_are_allowed()
    {
        var guard = new WebhookGuard(Options.Create(new WebhookOptions
        {
            AllowedNetworks = "10.1.0.0/16, fd00:1::/32",
            AllowedHosts = "Hooks.internal, 192.168.7.7",
        }));

        Assert.True(guard.Allows("any", IPAddress.Parse("10.1.2.3")));
        Assert.True(guard.Allows("any", IPAddress.Parse("::ffff:10.1.2.3")));
        Assert.True(guard.Allows("any", IPAddress.Parse("fd00:1::5")));
        Assert.True(guard.Allows("hooks.internal.", IPAddress.Parse("127.0.0.1")));
        Assert.True(guard.Allows("192.168.7.7", IPAddress.Parse("192.168.7.7")));
        Assert.True(guard.Allows("any", IPAddress.Parse("1.1.1.1")));
        Assert.False(guard.Allows("any", IPAddress.Parse("10.2.0.1")));
        Assert.False(guard.Allows("fd00:2::5", IPAddress.Parse("fd00:2::5")));
        Assert.False(guard.Allows("evil.hooks.internal", IPAddress.Parse("127.0.0.1")));
    }

    /// <summary>The example of the Standard Webhooks libraries.</summary>
    [Fact]
    public void Signatures_are_those_of_standard_webhooks()
    {
        var key = WebhookSignature.ReadKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")!;
        var body = Encoding.UTF8.GetBytes("""{"test": 2432232314}""");

        Assert.Equal(
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            WebhookSignature.Sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body));
    }

    [Theory]
    [InlineData(200, 1, WebhookOutcome.Delivered)]
    [InlineData(299, 10, WebhookOutcome.Delivered)]
    [InlineData(302, 1, WebhookOutcome.Failed)]
    [InlineData(404, 9, WebhookOutcome.Failed)]
    [InlineData(500, 10, WebhookOutcome.GivenUp)]
    [InlineData(410, 1, WebhookOutcome.GivenUp)]
    [InlineData(null, 1, WebhookOutcome.Failed)]
    [InlineData(null, 10, WebhookOutcome.GivenUp)]
    public void Only_2xx_is_delivered_and_only_410_and_the_last_attempt_give_up(int? status, int attempt, WebhookOutcome outcome) =>
        Assert.Equal(outcome, WebhookRetry.Outcome(new WebhookAnswer(status), attempt, maxAttempts: 10));

    [Fact]
    public void A_refused_target_is_given_up_at_once() =>
        Assert.Equal(WebhookOutcome.GivenUp, WebhookRetry.Outcome(new WebhookAnswer(null, "private", IsRefused: true), 1, 10));

    [Fact]
    public void Pauses_double_to_an_hour_with_jitter_and_the_target_may_ask_for_more()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), WebhookRetry.Delay(1, null, 0.5));
        Assert.Equal(TimeSpan.FromSeconds(40), WebhookRetry.Delay(4, null, 0.5));
        Assert.Equal(TimeSpan.FromHours(1), WebhookRetry.Delay(100, null, 0.5));
        Assert.Equal(TimeSpan.FromSeconds(4), WebhookRetry.Delay(1, null, 0));
        Assert.Equal(TimeSpan.FromSeconds(6), WebhookRetry.Delay(1, null, 1));
        Assert.Equal(TimeSpan.FromMinutes(9), WebhookRetry.Delay(1, TimeSpan.FromMinutes(9), 0.5));
        Assert.Equal(TimeSpan.FromSeconds(5), WebhookRetry.Delay(1, TimeSpan.FromSeconds(-9), 0.5));
        Assert.Equal(TimeSpan.FromDays(1), WebhookRetry.Delay(1, TimeSpan.MaxValue, 0.5));
    }

    [Theory]
    [InlineData(nameof(WebhookOptions.BaseUrl), "localhost:80")]
    [InlineData(nameof(WebhookOptions.Secret), "secret")]
    [InlineData(nameof(WebhookOptions.Secret), "whsec_c2hvcnQ=")]
    [InlineData(nameof(WebhookOptions.AllowedNetworks), "10.0.0.0/8,10.1.0.0/33")]
    [InlineData(nameof(WebhookOptions.AllowedNetworks), "localhost")]
    public void Wrong_settings_are_named(string setting, string value)
    {
        var options = new WebhookOptions();
        typeof(WebhookOptions).GetProperty(setting)!.SetValue(options, value);
        List<ValidationResult> results = [];

        Assert.False(Validator.TryValidateObject(options, new ValidationContext(options), results, validateAllProperties: true));
        Assert.StartsWith($"Webhooks:{setting} ", Assert.Single(results).ErrorMessage, StringComparison.Ordinal);
    }
}
