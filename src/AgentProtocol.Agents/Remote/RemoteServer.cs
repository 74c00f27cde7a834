using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Remote;

/// <summary>The routes of another server, of those that all such servers have (wire-contract 3, 4, 6).</summary>
/// <param name="http">Sends the requests. A request that got lost throws what <see cref="AgentServer.IsLost"/> knows.</param>
/// <param name="url">Where the server is.</param>
/// <param name="assistant">The agent's id there.</param>
/// <param name="secrets">What the server must not say.</param>
internal sealed class RemoteServer(AgentServer http, Uri url, string assistant, Secrets secrets)
{
    private const int PageSize = 100;
    private const int MostPages = 100;

    private readonly string root = url.AbsoluteUri.TrimEnd('/');
    private bool? hasProgress;

    /// <summary>What the server must not say.</summary>
    public Secrets Secrets => secrets;

    /// <summary>The agent's id there.</summary>
    public string Assistant => assistant;

    /// <summary>Translates failures.</summary>
    public AgentServer Http => http;

    /// <summary>Whether it knows only the strategies of LangGraph; found out at the first attempt to steer.</summary>
    public bool RefusesSteering { get; set; }

    /// <summary>The runs of a thread that were created for a run of ours, oldest first.</summary>
    public async Task<List<RemoteRun>> FindAsync(Guid threadId, Guid runId, CancellationToken cancellationToken)
    {
        // Not every server filters, and not every server sorts: all pages are looked through.
        var filter = Uri.EscapeDataString($$"""{"{{RemoteRun.Mark}}":"{{runId}}"}""");
        List<RemoteRun> found = [];
        for (var page = 0; page < MostPages; page++)
        {
            var list = await GetAsync($"/threads/{threadId}/runs?limit={PageSize}&offset={page * PageSize}&metadata={filter}", cancellationToken);
            List<JsonElement> runs = [.. RemoteState.Items(list ?? default)];
            found.AddRange(runs.Select(RemoteRun.From).OfType<RemoteRun>().Where(run => run.IsFor(runId)));
            if (runs.Count < PageSize)
            {
                break;
            }
        }

        return [.. found.OrderBy(run => run.CreatedAt)];
    }

    /// <summary>A run; null when it is not there any more.</summary>
    public async Task<RemoteRun?> ReadAsync(Guid threadId, string runId, CancellationToken cancellationToken) =>
        await GetAsync($"/threads/{threadId}/runs/{runId}", cancellationToken) is { } run ? RemoteRun.From(run) : null;

    /// <summary>The state of a thread; null when there is no such thread.</summary>
    public Task<JsonElement?> StateAsync(Guid threadId, CancellationToken cancellationToken) => GetAsync($"/threads/{threadId}/state", cancellationToken);

    /// <summary>The values after a run, once it has ended.</summary>
    public Task<JsonElement?> JoinAsync(Guid threadId, string runId, CancellationToken cancellationToken) =>
        GetAsync($"/threads/{threadId}/runs/{runId}/join", cancellationToken);

    /// <summary>Creates a run and streams it.</summary>
    public Task<HttpResponseMessage> CreateStreamAsync(Guid threadId, Guid runId, byte[] body, CancellationToken cancellationToken) =>
        OpenAsync(Creation($"/threads/{threadId}/runs/stream", runId, body), cancellationToken);

    /// <summary>Streams a run behind an event.</summary>
    public Task<HttpResponseMessage> StreamAsync(Guid threadId, string runId, string lastEventId, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, root + $"/threads/{threadId}/runs/{runId}/stream");
        request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        return OpenAsync(request, cancellationToken);
    }

    /// <summary>Creates a run in the background; null when the server does not understand the request.</summary>
    public async Task<RemoteRun?> CreateAsync(Guid threadId, Guid runId, byte[] body, CancellationToken cancellationToken)
    {
        using var request = Creation($"/threads/{threadId}/runs", runId, body);
        using var response = await http.SendAsync(request, cancellationToken);
        return response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.UnprocessableEntity
            ? null
            : RemoteRun.From(await ReadJsonAsync(response, cancellationToken)) ?? throw http.Failure("it has created a run, but not which");
    }

    /// <summary>Cancels a run; one that has ended stays as it is.</summary>
    public async Task CancelAsync(Guid threadId, string runId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, root + $"/threads/{threadId}/runs/{runId}/cancel?wait=0&action=interrupt");
        using var response = await http.SendAsync(request, cancellationToken);
        if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.NotFound)
        {
            throw await http.RefusalAsync(response, cancellationToken);
        }
    }

    /// <summary>Whether the stream mode <c>progress</c> is known there. Only servers like this one have it; others refuse the whole run for it.</summary>
    public async Task<bool> HasProgressAsync(CancellationToken cancellationToken)
    {
        if (hasProgress is null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, root + "/info");
            using var response = await http.SendAsync(request, cancellationToken);
            var info = response.IsSuccessStatusCode ? await ReadJsonAsync(response, cancellationToken) : default;
            hasProgress = RemoteState.Member(RemoteState.Member(info, "flags"), "progress").ValueKind == JsonValueKind.True;
        }

        return hasProgress.Value;
    }

    /// <summary>
    /// The key names the request and not only the run: a run that is steered creates several, and one that is tried again may
    /// have more to say than the time before, which is another request.
    /// </summary>
    private HttpRequestMessage Creation(string path, Guid runId, byte[] body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, root + path) { Content = AgentServer.Json(body) };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", $"{runId}:{Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 8))}");
        return request;
    }

    private async Task<HttpResponseMessage> OpenAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            var response = await http.SendAsync(request, cancellationToken);
            if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
            {
                return response;
            }

            using (response)
            {
                throw response.IsSuccessStatusCode
                    ? http.Failure($"{response.Content.Headers.ContentType?.MediaType ?? "nothing"} instead of an event stream")
                    : await http.RefusalAsync(response, cancellationToken);
            }
        }
    }

    private async Task<JsonElement?> GetAsync(string path, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, root + path);
        using var response = await http.SendAsync(request, cancellationToken);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await ReadJsonAsync(response, cancellationToken);
    }

    private async Task<JsonElement> ReadJsonAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            throw await http.RefusalAsync(response, cancellationToken);
        }

        await using var lines = await http.ReadLinesAsync(response, cancellationToken);
        var text = await lines.ReadToEndAsync(cancellationToken);
        try
        {
            return secrets.Conceal(JsonElement.Parse(text, AgentJson.DocumentOptions));
        }
        catch (JsonException)
        {
            throw http.Failure($"{PrintableText.BeginningOf(http.Secrets.Conceal(text))} (which is no JSON)");
        }
    }
}
