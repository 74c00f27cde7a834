using System.Net.Http.Headers;

namespace AgentProtocol.Agents.Wire;

/// <summary>
/// A server that executes agents for this one. Its failures reach the callers of a run in its own words, and never with what
/// it is authenticated with.
/// </summary>
internal sealed class AgentServer : IDisposable
{
    /// <summary>How long it may be silent: an agent that calls a reasoning model thinks for minutes before its first word.</summary>
    public static readonly TimeSpan UsualSilence = TimeSpan.FromMinutes(15);

    private const int MostWords = 16 * 1024;

    private readonly Uri url;
    private readonly IReadOnlyDictionary<string, string> headers;
    private readonly TimeProvider time;
    private readonly TimeSpan silence;
    private readonly HttpClient http = OutgoingHttp.Client();

    /// <param name="url">Where it is.</param>
    /// <param name="headers">Headers of each request.</param>
    /// <param name="silence">How long it may say nothing.</param>
    /// <param name="time">The clock of that.</param>
    public AgentServer(Uri url, IReadOnlyDictionary<string, string> headers, TimeSpan? silence, TimeProvider time)
    {
        (this.url, this.headers, this.time) = (url, headers, time);
        this.silence = silence ?? UsualSilence;
        Secrets = new Secrets(headers.Values);
    }

    /// <summary>What it is authenticated with.</summary>
    public Secrets Secrets { get; }

    /// <summary>Its name for people.</summary>
    public string Name => $"The agent server {url.Authority}";

    /// <summary>Refuses what a host may have written in C# and the agents file does not allow either.</summary>
    /// <exception cref="AgentConfigurationException">With how to mend it.</exception>
    public static void ThrowIfMistaken(string id, Uri url, TimeSpan? silence)
    {
        if (!url.IsAbsoluteUri || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps))
        {
            throw new AgentConfigurationException($"The Url of the agent \"{id}\" is not one of HTTP: write it like http://localhost:9000/run.");
        }

        if (silence <= TimeSpan.Zero)
        {
            throw new AgentConfigurationException($"The agent \"{id}\" has no time to say anything: set its Silence to more than 0, or to null.");
        }
    }

    /// <summary>Whether a request failed on its way, so that another may do better.</summary>
    public static bool IsLost(Exception exception) => exception is HttpRequestException or IOException or TimeoutException;

    /// <summary>Sends a request; the answer is there when its headers are.</summary>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        foreach (var (name, value) in headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                request.Content?.Headers.TryAddWithoutValidation(name, value);
            }
        }

        using var limit = new CancellationTokenSource(silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    /// <summary>The lines of an answer.</summary>
    public async Task<BoundedLines> ReadLinesAsync(HttpResponseMessage response, CancellationToken cancellationToken) =>
        new(await response.Content.ReadAsStreamAsync(cancellationToken), silence, time);

    /// <summary>The refusal as the callers of a run are told.</summary>
    public async Task<AgentException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400)
        {
            return new AgentException(Tell($"{Name} answered {status}: redirects are not followed, configure the URL that it leads to"));
        }

        var words = "";
        try
        {
            words = await ReadWordsAsync(response, cancellationToken);
        }
        catch (Exception exception) when (IsLost(exception))
        {
            // The status says enough.
        }

        return new AgentException(Tell($"{Name} answered {status}: {ErrorText.Of(words)}"), retryable: status is 408 or 425 or 429 or >= 500);
    }

    /// <summary>A failure on the way as the callers of a run are told.</summary>
    public AgentException Translate(Exception exception) => new(
        Tell(exception switch
        {
            TimeoutException => $"{Name} was silent for too long",
            HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError } =>
                $"{Name} cannot be reached: {exception.GetBaseException().Message}",
            _ => $"{Name} broke the connection",
        }),
        retryable: true,
        Secrets.AreIn(exception.ToString()) ? null : exception);

    /// <summary>A failure that the server told of.</summary>
    public AgentException Failure(string words, bool retryable = false) => new(Tell($"{Name} says: {words}"), retryable);

    /// <summary>A body of JSON.</summary>
    public static HttpContent Json(byte[] json) => new ByteArrayContent(json) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };

    private string Tell(string text) => ErrorText.OneLine(Secrets.Conceal(text));

    /// <inheritdoc />
    public void Dispose() => http.Dispose();

    private async Task<string> ReadWordsAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[MostWords];
        var length = await body.ReadAtLeastAsync(buffer, MostWords, throwOnEndOfStream: false, cancellationToken).AsTask()
            .WaitAsync(silence, time, cancellationToken);
        return System.Text.Encoding.UTF8.GetString(buffer, 0, length);
    }
}
