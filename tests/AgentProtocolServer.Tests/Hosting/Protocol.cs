using System.Net;
using System.Text;
using System.Text.Json;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Edge;
using Xunit;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>Short words for what clients do.</summary>
internal static class Protocol
{
    public const string Echo = "echo";

    /// <summary>The assistant id of the agent <c>echo</c>.</summary>
    public const string EchoAssistant = "046b5dc7-2108-582c-9c6c-31d556d138f0";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>An input with one message of a user.</summary>
    public static object Say(string text) => new { messages = new[] { new { role = "user", content = text } } };

    /// <summary>Sends a request; a body that is no text yet is made JSON.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this HttpClient client, HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path, body, headers);
        return await client.SendAsync(request, Token);
    }

    public static Task<HttpResponseMessage> PostAsync(this HttpClient client, string path, object? body = null) => client.SendAsync(HttpMethod.Post, path, body);

    /// <summary>Reads JSON of a 200.</summary>
    public static async Task<JsonElement> OkAsync(this Task<HttpResponseMessage> sending)
    {
        using var response = await sending;
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.True(response.StatusCode == HttpStatusCode.OK, $"{(int)response.StatusCode} {text}");
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        return JsonDocument.Parse(text).RootElement;
    }

    public static Task<JsonElement> GetJsonAsync(this HttpClient client, string path) => client.SendAsync(HttpMethod.Get, path).OkAsync();

    /// <summary>Asserts a status and an empty body.</summary>
    public static async Task EmptyAsync(this Task<HttpResponseMessage> sending, HttpStatusCode status)
    {
        using var response = await sending;
        Assert.Equal((status, ""), (response.StatusCode, await response.Content.ReadAsStringAsync(Token)));
    }

    /// <summary>Asserts a refusal in the shape of wire-contract 1.3.</summary>
    public static async Task<JsonElement> RefusedAsync(this Task<HttpResponseMessage> sending, HttpStatusCode status, string code)
    {
        using var response = await sending;
        return await response.RefusedAsync(status, code);
    }

    public static async Task<string> NewThreadAsync(this HttpClient client) => (await client.PostAsync("/threads").OkAsync()).Text("thread_id");

    /// <summary>Starts a run of <c>echo</c> in the background and gives its id.</summary>
    public static async Task<string> StartAsync(this HttpClient client, string threadId, string text) =>
        (await client.PostAsync($"/threads/{threadId}/runs", new { assistant_id = Echo, input = Say(text) }).OkAsync()).Text("run_id");

    /// <summary>Runs <c>echo</c> on a thread to its end and gives the values.</summary>
    public static Task<JsonElement> AnswerAsync(this HttpClient client, string threadId, string text) =>
        client.PostAsync($"/threads/{threadId}/runs/wait", new { assistant_id = Echo, input = Say(text) }).OkAsync();

    public static Task WaitForStatusAsync(this HttpClient client, string threadId, string runId, string status) => Until.TrueAsync(
        async () => (await client.GetJsonAsync($"/threads/{threadId}/runs/{runId}")).Text("status") == status, Token, condition: $"run {runId} is {status}");

    public static Task WaitForThreadAsync(this HttpClient client, Guid threadId, string status) => Until.TrueAsync(
        async () => (await client.GetJsonAsync($"/threads/{threadId}")).Text("status") == status, Token, condition: $"thread {threadId} is {status}");

    /// <summary>The events of a stream to its end.</summary>
    public static async Task<List<SseEvent>> StreamAsync(
        this HttpClient client, HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var stream = await client.OpenAsync(method, path, body, headers);
        return await stream.EventsAsync().ToListAsync(Token);
    }

    /// <summary>The whole log of a run as a late reader gets it.</summary>
    public static Task<List<SseEvent>> ReplayAsync(this HttpClient client, string threadId, string runId) =>
        client.StreamAsync(HttpMethod.Get, $"/threads/{threadId}/runs/{runId}/stream", null, ("Last-Event-ID", "-1"));

    /// <summary>An open stream, once its headers are there.</summary>
    public static async Task<HttpResponseMessage> OpenAsync(
        this HttpClient client, HttpMethod method, string path, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = Request(method, path, body, headers);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Token);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        return response;
    }

    /// <summary>The events of an open stream as they arrive.</summary>
    public static async IAsyncEnumerable<SseEvent> EventsAsync(this HttpResponseMessage response)
    {
        await using var body = await response.Content.ReadAsStreamAsync(Token);
        await foreach (var item in SseReader.ReadAsync(body, Token))
        {
            yield return item;
        }
    }

    public static string Text(this JsonElement element, string member) => element.GetProperty(member).GetString()!;

    public static string Header(this HttpResponseMessage response, string name) =>
        Assert.Single(response.Headers.TryGetValues(name, out var values) ? values : response.Content.Headers.GetValues(name));

    /// <summary>The names of an object's members.</summary>
    public static string[] Members(this JsonElement element) => [.. element.EnumerateObject().Select(member => member.Name)];

    /// <summary>The conversation in values, one line per message.</summary>
    public static string[] Conversation(this JsonElement values) =>
        [.. values.GetProperty("messages").EnumerateArray().Select(message => $"{message.Text("type")}: {message.Text("content")}")];

    private static HttpRequestMessage Request(HttpMethod method, string path, object? body, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }
}
