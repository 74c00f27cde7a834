using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>Makes one call. Redirects are answers like any other, so that nobody is led past the guard.</summary>
internal sealed class WebhookSender : IDisposable
{
    private const int MaxErrorLength = 500;

    private readonly WebhookGuard guard;
    private readonly OwnAddress own;
    private readonly TimeProvider time;
    private readonly TimeSpan timeout;
    private readonly byte[]? key;
    private readonly HttpClient outside;

    // Apart, because a pooled connection to this server must never serve a call that names the same address from outside.
    private readonly HttpClient inside;

    public WebhookSender(WebhookGuard guard, OwnAddress own, IOptions<WebhookOptions> options, TimeProvider time)
    {
        (this.guard, this.own, this.time) = (guard, own, time);
        timeout = options.Value.Timeout;
        key = WebhookSignature.ReadKey(options.Value.Secret);
        outside = CreateClient(ConnectAsync);
        inside = CreateClient(connect: null);
    }

    /// <summary>Calls, and says what came of it. Only a stop is thrown.</summary>
    /// <exception cref="OperationCanceledException">It was stopped before there was an answer.</exception>
    public async Task<WebhookAnswer> SendAsync(ClaimedWebhook webhook, CancellationToken stopped)
    {
        var isOwn = WebhookUrl.IsOwn(webhook.Url);
        if ((isOwn ? own.Resolve(webhook.Url) : new Uri(webhook.Url)) is not { } url)
        {
            return new WebhookAnswer(null, "This server does not know its own address: set Webhooks:BaseUrl");
        }

        using var limit = new CancellationTokenSource(timeout, time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopped);
        try
        {
            using var request = CreateRequest(webhook, url);
            using var response = await (isOwn ? inside : outside).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ending.Token);
            return new WebhookAnswer((int)response.StatusCode, Describe(response.StatusCode), RetryAfter(response.Headers.RetryAfter));
        }
        catch (HttpRequestException exception) when (exception.InnerException is WebhookRefusedException refusal)
        {
            return new WebhookAnswer(null, refusal.Message, IsRefused: true);
        }
        catch (HttpRequestException exception)
        {
            return new WebhookAnswer(null, Shorten(exception.Message));
        }
        catch (OperationCanceledException) when (!stopped.IsCancellationRequested)
        {
            // The target took too long, to connect or to answer.
            return new WebhookAnswer(null, $"No answer within {timeout.TotalSeconds:0.###} s");
        }
    }

    public void Dispose()
    {
        outside.Dispose();
        inside.Dispose();
    }

    private static HttpClient CreateClient(Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>>? connect) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        // A proxy would connect in our place, and past the guard.
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        ConnectCallback = connect,
        // The answer's body is not read; a short one is emptied, so that the connection can be used again.
        MaxResponseDrainSize = 16 * 1024,
        ResponseDrainTimeout = TimeSpan.FromSeconds(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(1),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    private HttpRequestMessage CreateRequest(ClaimedWebhook webhook, Uri url)
    {
        var body = Encoding.UTF8.GetBytes(WebhookBody.Complete(webhook.Body, webhook.StartedAt, webhook.EndedAt, webhook.SentAt));
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("agent-protocol-server", null));

        // The same for every attempt: by this a receiver knows what it has seen already.
        var id = webhook.RunId.ToString();
        var timestamp = new DateTimeOffset(webhook.SentAt).ToUnixTimeSeconds();
        request.Headers.Add("Webhook-Id", id);
        request.Headers.Add("Webhook-Timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        if (key is not null)
        {
            request.Headers.Add("Webhook-Signature", WebhookSignature.Sign(key, id, timestamp, body));
        }

        return request;
    }

    /// <summary>Connects to exactly the addresses that were judged: asked again, a name server may answer otherwise.</summary>
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var addresses = await guard.ResolveAsync(context.DnsEndPoint.Host, cancellationToken);
        for (var i = 0; ; i++)
        {
            var socket = new Socket(addresses[i].AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(addresses[i], context.DnsEndPoint.Port), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException) when (i + 1 < addresses.Count)
            {
                // The host has another address.
                socket.Dispose();
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) =>
        header?.Delta ?? (header?.Date is { } date ? date - time.GetUtcNow() : null);

    private static string? Describe(HttpStatusCode status) =>
        (int)status is >= 300 and < 400 ? "Redirects are not followed" : null;

    private static string Shorten(string message) =>
        PlainText.Clean(message.Length > MaxErrorLength ? message[..MaxErrorLength] : message);
}
