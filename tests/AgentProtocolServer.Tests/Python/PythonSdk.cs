using System.Net;
using System.Text;
using System.Text.Json;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary>
/// Sends what <c>langgraph_sdk</c> 0.4.3 sends and checks what it checks (wire-contract 1.2): httpx's headers, <c>None</c> stripped from bodies,
/// an empty body without a type where Python has none, booleans as <c>true</c>, lists as repeated parameters, <c>None</c> as an empty parameter.
/// </summary>
internal sealed class PythonSdk(HttpClient client)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary><c>http.get</c>: the answer, parsed.</summary>
    public Task<JsonElement> GetAsync(string path) => DecodeAsync(HttpMethod.Get, path, null);

    /// <summary><c>http.post</c>; without a body it sends none and no content type.</summary>
    public Task<JsonElement> PostAsync(string path, string? body = null) => DecodeAsync(HttpMethod.Post, path, body ?? "");

    /// <summary><c>http.patch</c>.</summary>
    public Task<JsonElement> PatchAsync(string path, string body, params (string Name, string Value)[] headers) => DecodeAsync(HttpMethod.Patch, path, body, headers);

    /// <summary><c>http.put</c>.</summary>
    public Task<JsonElement> PutAsync(string path, string body) => DecodeAsync(HttpMethod.Put, path, body);

    /// <summary><c>http.delete</c>: it reads nothing of the answer but its status.</summary>
    public Task DeleteAsync(string path, string? body = null) => DecodeAsync(HttpMethod.Delete, path, body);

    /// <summary><c>http.request_reconnect</c>: an answer that may be long in coming, and where to come back for it.</summary>
    public async Task<(JsonElement Body, string? Location)> RequestReconnectAsync(HttpMethod method, string path, string? body)
    {
        // Without a body it encodes None: the text "null".
        using var response = await SendAsync(method, path, body ?? "null");
        var location = response.Headers.Location?.ToString();
        Assert.True(location is null || location.StartsWith('/'), "Python refuses a reconnect to another origin.");
        return (await ReadAsync(response), location);
    }

    /// <summary><c>http.stream</c> to its end, with the headers that it reads.</summary>
    public async Task<(List<SseEvent> Events, string ContentLocation, string? Location)> StreamAsync(HttpMethod method, string path, string? body = null, string? lastEventId = null)
    {
        using var response = await OpenAsync(method, path, body, lastEventId);
        return (await response.EventsAsync().ToListAsync(Token), response.Header("Content-Location"), response.Headers.Location?.ToString());
    }

    /// <summary>A stream that need not end: <c>http.stream</c>, and the event streams of the streaming protocol, which ask in the same way.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpMethod method, string path, string? body = null, string? lastEventId = null)
    {
        (string, string)[] headers = [("Accept", "text/event-stream"), ("Cache-Control", "no-store"), .. lastEventId is null ? Array.Empty<(string, string)>() : [("Last-Event-ID", lastEventId)]];
        var response = await SendAsync(method, path, body, headers);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        return response;
    }

    /// <summary>The headers of an answer, for what <c>on_response</c> reads.</summary>
    public Task<HttpResponseMessage> RespondAsync(HttpMethod method, string path, string? body) => SendAsync(method, path, body);

    /// <summary>Asserts the status of an error, and what <c>errors.py</c> reads of it: the first text of message, detail and error, and the request's id.</summary>
    public async Task RefusedAsync(HttpStatusCode status, HttpMethod method, string path, string? body = null)
    {
        using var response = await SendAsync(method, path, body);
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(status == response.StatusCode, $"{(int)response.StatusCode} {text}");
        var error = JsonDocument.Parse(text).RootElement;
        Assert.NotEqual("", error.Text("message"));
        Assert.NotEqual("", error.Text("detail"));
        Assert.NotEqual("", error.Text("code"));
        Assert.NotEqual("", response.Header("x-request-id"));
    }

    private async Task<JsonElement> DecodeAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var response = await SendAsync(method, path, body, headers);
        return await ReadAsync(response);
    }

    /// <summary>Any 2xx is a success; an empty body is <c>None</c>.</summary>
    private static async Task<JsonElement> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.IsSuccessStatusCode, $"{(int)response.StatusCode} {text}");
        return text.Length == 0 ? default : JsonDocument.Parse(text).RootElement;
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, deflate");
        request.Headers.TryAddWithoutValidation("Connection", "keep-alive");
        request.Headers.TryAddWithoutValidation("User-Agent", "langgraph-sdk-py/0.4.3");
        if (!headers.Any(header => header.Name == "Accept"))
        {
            request.Headers.TryAddWithoutValidation("Accept", "*/*");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            if (body.Length > 0)
            {
                request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
            }
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
    }
}
