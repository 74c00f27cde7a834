using System.Net;
using System.Text;
using System.Text.Json;
using AgentProtocol.Chaos.History;

namespace AgentProtocol.Chaos.Load;

/// <summary>
/// Requests over the gateway or straight to a node. A client of a cluster with faults has to know three things: an answer,
/// no answer, and that without one nobody knows what was done.
/// </summary>
internal sealed class Wire(IReadOnlyList<Uri> addresses, Ledger ledger, Random random) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly HttpClient client = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>One try. Null when there was no answer, or one that says that it may have been done or not.</summary>
    public async Task<Answer?> TryAsync(
        HttpMethod method, string path, object? body, string? key, TimeSpan? patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience ?? Patience);
        try
        {
            using var request = Request(method, path, body, key);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            var text = await response.Content.ReadAsStringAsync(limit.Token);
            ledger.Count($"http {(int)response.StatusCode}");
            return (int)response.StatusCode >= 500 ? null : new Answer((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
        }
        catch (Exception exception) when (IsBroken(exception) && !cancellationToken.IsCancellationRequested)
        {
            ledger.Count("http broken");
            return null;
        }
    }

    /// <summary>The same again and again until there is an answer; for what may be repeated.</summary>
    public async Task<Answer> UntilAnsweredAsync(
        HttpMethod method, string path, object? body, string? key, TimeSpan? patience, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await TryAsync(method, path, body, key, patience, cancellationToken) is { } answer)
            {
                return answer;
            }

            await Task.Delay(random.Next(50, 400), cancellationToken);
        }
    }

    public Task<Answer> GetAsync(string path, CancellationToken cancellationToken) =>
        UntilAnsweredAsync(HttpMethod.Get, path, null, null, null, cancellationToken);

    /// <summary>Opens a stream; null when that did not succeed, or the answer is not a stream.</summary>
    public async Task<HttpResponseMessage?> OpenAsync(
        HttpMethod method, string path, object? body, string? key, long? lastEventId, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            using var request = Request(method, path, body, key);
            if (lastEventId is { } last)
            {
                request.Headers.Add("Last-Event-ID", last.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }

            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
            ledger.Count($"http {(int)response.StatusCode}");
            if (response.StatusCode == HttpStatusCode.OK || (int)response.StatusCode is >= 400 and < 500)
            {
                return response;
            }

            response.Dispose();
            return null;
        }
        catch (Exception exception) when (IsBroken(exception) && !cancellationToken.IsCancellationRequested)
        {
            ledger.Count("http broken");
            return null;
        }
    }

    /// <summary>Whether an exception is how a connection breaks.</summary>
    public static bool IsBroken(Exception exception) => exception is HttpRequestException or IOException or OperationCanceledException or JsonException;

    public void Dispose() => client.Dispose();

    private HttpRequestMessage Request(HttpMethod method, string path, object? body, string? key)
    {
        // Two of three through the gateway; the others see a node that is away or frozen as it is.
        var address = random.Next(3) > 0 ? addresses[0] : addresses[random.Next(addresses.Count)];
        var request = new HttpRequestMessage(method, new Uri(address, path));
        if (body is not null)
        {
            request.Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return request;
    }
}
