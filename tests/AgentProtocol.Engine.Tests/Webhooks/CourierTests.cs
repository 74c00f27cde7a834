using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Time;
using AgentProtocol.Testing.Webhooks;
using Xunit;

namespace AgentProtocol.Engine.Tests.Webhooks;

/// <summary>Calls reach their target at least once, and one target never waits for another (design 5).</summary>
public sealed class CourierTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_call_is_delivered_once_with_the_times_that_the_run_shows()
    {
        await using var stub = await WebhookStub.StartAsync();
        using var webhooks = new WebhookHarness(Queue);
        var run = await webhooks.SucceedAsync(Node, new Uri(stub.Url, "/hook"));

        Assert.Equal(1, await webhooks.DeliverAsync());
        Assert.Equal(0, await webhooks.DeliverAsync());

        var request = Assert.Single(stub.Requests);
        Assert.Equal(("/hook", "application/json"), (request.Path, request.Headers["Content-Type"]));
        Assert.Equal(run.ToString(), request.Headers["Webhook-Id"]);
        Assert.False(request.Headers.ContainsKey("Webhook-Signature"));
        var ended = await Database.ScalarAsync<DateTime>("select ended_at from runs where run_id = $1", run);
        Assert.Equal(ended, request.Json.GetProperty("updated_at").GetDateTime());
        Assert.Equal(ended, request.Json.GetProperty("run_ended_at").GetDateTime());
        Assert.InRange(request.Json.GetProperty("run_started_at").GetDateTime(), request.Json.GetProperty("created_at").GetDateTime(), ended);
        Assert.True(request.Json.GetProperty("webhook_sent_at").GetDateTime() >= ended);
        Assert.Equal(["1|204||delivered"], await webhooks.LogAsync(run));
        Assert.Empty(await webhooks.OwedAsync());
    }

    [Fact]
    public async Task A_refusal_is_answered_with_another_attempt_under_the_same_id()
    {
        await using var stub = await WebhookStub.StartAsync(500, 302);
        using var webhooks = new WebhookHarness(Queue);
        var run = await webhooks.SucceedAsync(Node, stub.Url);

        await webhooks.DeliverAsync();
        Assert.Equal(0, await webhooks.DeliverAsync());
        Assert.True(await Database.ScalarAsync<bool>("select available_at > now() + interval '1 second' from webhook_outbox"));
        await webhooks.AgeAsync();
        await webhooks.DeliverAsync();
        await webhooks.AgeAsync();
        await webhooks.DeliverAsync();

        Assert.Equal(["1|500||failed", "2|302|Redirects are not followed|failed", "3|204||delivered"], await webhooks.LogAsync(run));
        Assert.Equal(3, stub.Requests.Count);
        Assert.Single(stub.Requests.Select(request => request.Headers["Webhook-Id"]).Distinct());
    }

    [Fact]
    public async Task A_target_that_is_away_is_tried_until_the_attempts_are_spent()
    {
        Uri nobody;
        await using (var stub = await WebhookStub.StartAsync())
        {
            nobody = stub.Url;
        }

        using var webhooks = new WebhookHarness(Queue, options => options.MaxAttempts = 3);
        var run = await webhooks.SucceedAsync(Node, nobody);
        for (var i = 0; i < 4; i++)
        {
            await webhooks.DeliverAsync();
            await webhooks.AgeAsync();
        }

        var log = await webhooks.LogAsync(run);
        Assert.Equal(["failed", "failed", "given_up"], log.Select(line => line.Split('|')[3]));
        Assert.Contains("refused", log[0], StringComparison.OrdinalIgnoreCase);
        Assert.Empty(await webhooks.OwedAsync());
    }

    [Fact]
    public async Task A_target_that_is_gone_is_given_up()
    {
        await using var stub = await WebhookStub.StartAsync(410);
        using var webhooks = new WebhookHarness(Queue);
        var run = await webhooks.SucceedAsync(Node, stub.Url);

        await webhooks.DeliverAsync();

        Assert.Equal(["1|410||given_up"], await webhooks.LogAsync(run));
        Assert.Empty(await webhooks.OwedAsync());
    }

    [Fact]
    public async Task A_target_may_ask_to_be_left_alone_for_longer()
    {
        await using var stub = await WebhookStub.StartAsync(503);
        stub.BeforeAnswer = context =>
        {
            context.Response.Headers.RetryAfter = "600";
            return Task.CompletedTask;
        };
        using var webhooks = new WebhookHarness(Queue);
        await webhooks.SucceedAsync(Node, stub.Url);

        await webhooks.DeliverAsync();

        Assert.True(await Database.ScalarAsync<bool>("select available_at > now() + interval '500 seconds' from webhook_outbox"));
    }

    [Fact]
    public async Task A_call_whose_node_died_before_writing_it_down_is_made_again_after_the_lease()
    {
        await using var stub = await WebhookStub.StartAsync();
        using var webhooks = new WebhookHarness(Queue);
        using var others = new WebhookHarness(OtherQueue);
        var run = await webhooks.SucceedAsync(Node, stub.Url);
        // Claimed, and perhaps sent, by a node that is heard of no more.
        var dead = Assert.Single(await webhooks.Claims.ClaimAsync(10, 10, new Dictionary<string, int>(), TimeSpan.FromMinutes(1), Token));

        Assert.Equal(0, await others.DeliverAsync());
        await others.AgeAsync();
        Assert.Equal(1, await others.DeliverAsync());

        Assert.Equal(["2|204||delivered"], await others.LogAsync(run));
        Assert.Equal((1, 1), (dead.Attempt, stub.Requests.Count));
    }

    [Fact]
    public async Task A_node_whose_lease_has_ended_changes_nothing_any_more()
    {
        await using var stub = await WebhookStub.StartAsync(500);
        using var webhooks = new WebhookHarness(Queue);
        var run = await webhooks.SucceedAsync(Node, stub.Url);
        var late = Assert.Single(await webhooks.Claims.ClaimAsync(10, 10, new Dictionary<string, int>(), TimeSpan.FromMinutes(1), Token));
        await webhooks.AgeAsync();
        await webhooks.DeliverAsync();

        await webhooks.Claims.HandBackAsync(late);
        await webhooks.Claims.RecordAsync(late, new(200, null, TimeSpan.Zero, AgentProtocol.Contracts.Runs.WebhookOutcome.Delivered));

        Assert.Equal(["127.0.0.1|2"], await webhooks.OwedAsync());
        Assert.Equal(["1|200||delivered", "2|500||failed"], await webhooks.LogAsync(run));
    }

    [Fact]
    public async Task Crashes_spend_attempts_too()
    {
        await using var stub = await WebhookStub.StartAsync();
        using var webhooks = new WebhookHarness(Queue, options => options.MaxAttempts = 1);
        var run = await webhooks.SucceedAsync(Node, stub.Url);
        await webhooks.Claims.ClaimAsync(10, 10, new Dictionary<string, int>(), TimeSpan.FromMinutes(1), Token);
        await webhooks.AgeAsync();

        await webhooks.DeliverAsync();

        Assert.Empty(stub.Requests);
        Assert.EndsWith("given_up", Assert.Single(await webhooks.LogAsync(run)), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Two_nodes_deliver_each_call_once()
    {
        await using var stub = await WebhookStub.StartAsync();
        using var one = new WebhookHarness(Queue);
        using var other = new WebhookHarness(OtherQueue);
        List<Guid> runs = [];
        for (var i = 0; i < 12; i++)
        {
            runs.Add(await one.SucceedAsync(Node, stub.Url));
        }

        while ((await one.OwedAsync()).Count > 0)
        {
            await Task.WhenAll(one.DeliverAsync(), other.DeliverAsync());
        }

        Assert.Equal(runs.Select(run => run.ToString()).Order(), stub.Requests.Select(request => request.Headers["Webhook-Id"]).Order());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_target_that_does_not_answer_gets_few_calls_at_once_and_holds_up_nobody_else()
    {
        using var release = new SemaphoreSlim(0);
        await using var slow = await WebhookStub.StartAsync();
        slow.BeforeAnswer = context => release.WaitAsync(context.RequestAborted);
        await using var quick = await WebhookStub.StartAsync();
        using var webhooks = new WebhookHarness(Queue, options => options.AllowedHosts = "localhost");
        for (var i = 0; i < 20; i++)
        {
            await webhooks.SucceedAsync(Node, slow.Url);
        }

        var run = await webhooks.SucceedAsync(Node, new UriBuilder(quick.Url) { Host = "localhost" }.Uri);

        // Eight to the slow host and one to the other, although that one is younger than all twenty.
        Assert.Equal(9, await webhooks.Courier.StartDueAsync(Token));
        Assert.Equal(run.ToString(), (await quick.NextAsync(Token)).Headers["Webhook-Id"]);
        Assert.Equal(0, await webhooks.Courier.StartDueAsync(Token));

        release.Release(100);
        await webhooks.Courier.IdleAsync();
        while (await webhooks.DeliverAsync() > 0)
        {
            // The bound leaves eight places at a time.
        }

        Assert.Equal(20, slow.Requests.Count);
    }

    [Fact]
    public async Task A_shutdown_waits_for_calls_under_way_and_gives_back_those_that_take_too_long()
    {
        await using var stub = await WebhookStub.StartAsync();
        stub.BeforeAnswer = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        var time = new ManualTimeProvider();
        using var webhooks = new WebhookHarness(Queue, options => options.Timeout = TimeSpan.FromDays(1), time);
        var run = await webhooks.SucceedAsync(Node, stub.Url);
        await webhooks.Courier.StartAsync(Token);
        await stub.NextAsync(Token);

        var stop = webhooks.Courier.StopAsync(Token);
        await Until.TrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(5));
                return Task.FromResult(stop.IsCompleted);
            },
            Token);

        Assert.Equal(["127.0.0.1|0"], await webhooks.OwedAsync());
        Assert.Empty(await webhooks.LogAsync(run));
        Assert.True(await Database.ScalarAsync<bool>("select available_at <= now() from webhook_outbox"));
    }

    [Fact]
    public async Task The_log_is_kept_for_its_retention()
    {
        using var webhooks = new WebhookHarness(Queue);
        var (old, recent) = (Guid.NewGuid(), Guid.NewGuid());
        foreach (var (run, age) in new[] { (old, "8 days"), (recent, "6 days") })
        {
            await Database.ExecuteAsync(
                $"insert into webhook_deliveries (run_id, attempt, sent_at, duration_ms, outcome) values ($1, 1, now() - interval '{age}', 1, 'delivered')", run);
        }

        await webhooks.Claims.CleanLogAsync(TimeSpan.FromDays(7), Token);

        Assert.Equal([recent.ToString()], await Database.LinesAsync("select run_id from webhook_deliveries"));
    }
}
