using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Webhooks;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>The deliveries of one node without the loop that drives them.</summary>
internal sealed class WebhookHarness : IDisposable
{
    private readonly QueueHarness queue;
    private readonly WebhookSender sender;

    /// <param name="queue">The node's queue.</param>
    /// <param name="change">Settings that differ: stubs listen on the loopback interface, which is allowed here.</param>
    /// <param name="time">The clock of pauses and limits.</param>
    public WebhookHarness(QueueHarness queue, Action<WebhookOptions>? change = null, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        this.queue = queue;
        var settings = new WebhookOptions { AllowedNetworks = "127.0.0.0/8", Timeout = TimeSpan.FromSeconds(60) };
        change?.Invoke(settings);
        var options = Options.Create(settings);
        Claims = new WebhookClaims(queue.Database);
        sender = new WebhookSender(new WebhookGuard(options), new OwnAddress(() => [], options), options, time);
        Courier = new WebhookCourier(
            Claims, sender, options, Options.Create(new ServerOptions()), time, NullLogger<WebhookCourier>.Instance);
    }

    public WebhookClaims Claims { get; }

    public WebhookCourier Courier { get; }

    public Task<IReadOnlyList<string>> LogAsync(Guid runId) => queue.Database.Source.LinesAsync(
        "select attempt, status_code, error, outcome from webhook_deliveries where run_id = $1 order by attempt", runId);

    /// <summary>What is owed, and how often it was tried.</summary>
    public Task<IReadOnlyList<string>> OwedAsync() => queue.Database.Source.LinesAsync("select host, attempt from webhook_outbox order by host, attempt");

    /// <summary>Delivers what is due, to the end.</summary>
    public async Task<int> DeliverAsync()
    {
        var begun = await Courier.StartDueAsync(Xunit.TestContext.Current.CancellationToken);
        await Courier.IdleAsync();
        return begun;
    }

    /// <summary>Lets pauses and leases pass.</summary>
    public Task AgeAsync() => queue.Database.Source.ExecuteAsync("update webhook_outbox set available_at = now()");

    /// <summary>A run that asks for a call.</summary>
    public static NewRunRow NewRun(Guid threadId, Uri url, TimeSpan delay = default, MultitaskStrategy strategy = MultitaskStrategy.Enqueue) =>
        QueueHarness.NewRun(threadId, strategy, delay) with
        {
            Request = $$$"""{"input":{"messages":[{"role":"user","content":"hello"}],"n":1.0},"webhook":"{{{url}}}"}""",
        };

    /// <summary>A run that a node has claimed and begun.</summary>
    public async Task<Attempt> StartAsync(Guid node, Uri url)
    {
        var run = NewRun(await queue.NewThreadAsync(), url);
        await queue.CreateAsync(run);
        return await queue.StartAsync(node, run.RunId);
    }

    /// <summary>A run that has ended well.</summary>
    public async Task<Guid> SucceedAsync(Guid node, Uri url)
    {
        var attempt = await StartAsync(node, url);
        await attempt.Say("done").SucceedAsync();
        return attempt.Claim.RunId;
    }

    public void Dispose()
    {
        Courier.Dispose();
        sender.Dispose();
    }
}
