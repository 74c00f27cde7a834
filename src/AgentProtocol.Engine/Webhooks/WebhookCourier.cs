using System.Collections.Concurrent;
using System.Threading.Channels;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>
/// Delivers what is due in the outbox, on every node that executes runs. Many targets at once but few calls to each host,
/// so that one that is slow or dead holds up nobody else.
/// </summary>
internal sealed class WebhookCourier(
    WebhookClaims claims,
    WebhookSender sender,
    IOptions<WebhookOptions> options,
    IOptions<ServerOptions> server,
    TimeProvider time,
    ILogger<WebhookCourier> logger) : BackgroundService
{
    private const int MaxAtOnce = 64;
    private const int MaxPerHost = 8;
    private const int MaxWriteFailures = 8;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan CleanInterval = TimeSpan.FromMinutes(10);

    /// <summary>What a shutdown leaves to calls under way; the host waits for half a minute for everything.</summary>
    private static readonly TimeSpan TimeToDrain = TimeSpan.FromSeconds(5);

    /// <summary>Beyond the time limit of a call, for writing down what came of it.</summary>
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ClaimedWebhook, bool> underWay = new(ReferenceEqualityComparer.Instance);
    private readonly Channel<bool> ended = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource stopped = new();
    private long cleaned;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!server.Value.ExecutesRuns)
        {
            return;
        }

        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await StartDueAsync(stoppingToken);
                await CleanLogAsync(stoppingToken);
            }
            catch (Exception exception)
            {
                // Also in a shutdown nothing is thrown: what is under way is still to be waited for.
                if (!stoppingToken.IsCancellationRequested)
                {
                    EngineLog.LoopFailed(logger, nameof(WebhookCourier), exception);
                }
            }

            await WaitAsync(stoppingToken);
        }

        using var limit = new CancellationTokenSource(TimeToDrain, time);
        await using var stop = limit.Token.Register(stopped.Cancel);
        await IdleAsync();
    }

    /// <summary>Claims what is due and begins to deliver it.</summary>
    /// <returns>How many deliveries were begun.</returns>
    public async Task<int> StartDueAsync(CancellationToken cancellationToken)
    {
        var busy = underWay.Keys.GroupBy(webhook => webhook.Host).ToDictionary(host => host.Key, host => host.Count());
        var room = MaxAtOnce - underWay.Count;
        if (room == 0)
        {
            return 0;
        }

        var due = await claims.ClaimAsync(room, MaxPerHost, busy, options.Value.Timeout + LeaseMargin, cancellationToken);
        foreach (var webhook in due)
        {
            underWay.TryAdd(webhook, true);
            _ = DeliverAsync(webhook);
        }

        return due.Count;
    }

    /// <summary>Waits until nothing is under way.</summary>
    public async Task IdleAsync()
    {
        while (!underWay.IsEmpty)
        {
            await ended.Reader.ReadAsync();
        }
    }

    public override void Dispose()
    {
        stopped.Dispose();
        base.Dispose();
    }

    private async Task DeliverAsync(ClaimedWebhook webhook)
    {
        try
        {
            var since = time.GetTimestamp();
            var answer = webhook.Attempt > options.Value.MaxAttempts
                ? new WebhookAnswer(null, "Given up: the server that tried last did not live to say what came of it")
                : await sender.SendAsync(webhook, stopped.Token);
            await RecordAsync(webhook, answer, time.GetElapsedTime(since));
        }
        catch (OperationCanceledException)
        {
            // The server shuts down. The target may have got the call; it gets it again from another node.
            await TryWriteAsync(() => claims.HandBackAsync(webhook));
        }
        catch (Exception exception)
        {
            // The lease ends, and then somebody tries again.
            EngineLog.LoopFailed(logger, nameof(WebhookCourier), exception);
        }
        finally
        {
            underWay.TryRemove(webhook, out _);
            ended.Writer.TryWrite(true);
        }
    }

    private async Task RecordAsync(ClaimedWebhook webhook, WebhookAnswer answer, TimeSpan duration)
    {
        var outcome = WebhookRetry.Outcome(answer, webhook.Attempt, options.Value.MaxAttempts);
        var record = new WebhookRecord(answer.StatusCode, answer.Error, duration, outcome)
        {
            Delay = WebhookRetry.Delay(webhook.Attempt, answer.RetryAfter, Random.Shared.NextDouble()),
        };
        await TryWriteAsync(() => claims.RecordAsync(webhook, record));
        if (outcome == WebhookOutcome.GivenUp)
        {
            EngineLog.WebhookGivenUp(logger, webhook.RunId, webhook.Host, webhook.Attempt, answer.Error ?? $"Status {answer.StatusCode}");
        }
    }

    /// <summary>Writes are fenced, so that one whose outcome is unknown may be repeated.</summary>
    private async Task TryWriteAsync(Func<Task> write)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                await write();
                return;
            }
            catch (Exception exception) when (TransientFailure.Is(exception) && failures < MaxWriteFailures)
            {
                await Task.Delay(TransientFailure.Pause(failures), time);
            }
        }
    }

    /// <summary>Until something may be due, or a place has become free.</summary>
    private async Task WaitAsync(CancellationToken stoppingToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        // Jittered, so that many nodes do not look in step. Neither task is awaited for its outcome: a shutdown is no failure.
        var pause = Task.Delay(Interval * (0.8 + (0.4 * Random.Shared.NextDouble())), time, waiting.Token);
        await Task.WhenAny(pause, ended.Reader.ReadAsync(waiting.Token).AsTask());
        await waiting.CancelAsync();
    }

    private async Task CleanLogAsync(CancellationToken cancellationToken)
    {
        if (cleaned == 0 || time.GetElapsedTime(cleaned) > CleanInterval)
        {
            await claims.CleanLogAsync(options.Value.LogRetention, cancellationToken);
            cleaned = time.GetTimestamp();
        }
    }
}
