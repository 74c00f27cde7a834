using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Conformance;

/// <summary>Calls operations of the Agent Protocol's document; every answer is held against it.</summary>
internal sealed class ProtocolClient(HttpClient client)
{
    /// <summary>Calls an operation and asserts its status.</summary>
    /// <param name="status">The status that is expected.</param>
    /// <param name="operation">As in <c>GET /threads/{thread_id}</c>.</param>
    /// <param name="id">What stands in the place of its parameter.</param>
    /// <param name="body">Its body.</param>
    /// <param name="query">Its query, with the question mark.</param>
    /// <param name="headers">Headers beside the usual ones.</param>
    /// <returns>The JSON of the answer, if it has any.</returns>
    public async Task<JsonElement> CallAsync(
        HttpStatusCode status, string operation, string? id = null, object? body = null, string query = "", (string Name, string Value)[]? headers = null)
    {
        var (method, path) = Parse(operation, id);
        using var response = await client.SendAsync(method, path + query, body, headers ?? []);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(status == response.StatusCode, $"{operation} answers {(int)response.StatusCode} {text}");
        await SpecAnswers.AssertAsync(operation, response, text);
        return response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonDocument.Parse(text).RootElement : default;
    }

    /// <summary>Calls an operation whose answer stays open, and asserts its status and its kind.</summary>
    public async Task<HttpResponseMessage> OpenAsync(HttpStatusCode status, string operation, string id, object? body, params (string Name, string Value)[] headers)
    {
        var (method, path) = Parse(operation, id);
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(status, response.StatusCode);
        await SpecAnswers.AssertAsync(operation, response, "");
        return response;
    }

    public Task<JsonElement> OkAsync(string operation, string? id = null, object? body = null, string query = "") =>
        CallAsync(HttpStatusCode.OK, operation, id, body, query);

    /// <summary>404 for an id that is unknown and 422 for one that is none.</summary>
    public async Task RefusesIdsAsync(string operation)
    {
        await CallAsync(HttpStatusCode.NotFound, operation, Guid.NewGuid().ToString());
        await CallAsync(HttpStatusCode.UnprocessableEntity, operation, "no-uuid");
    }

    /// <summary>422 for a body of another shape and 400 for what is no JSON.</summary>
    public async Task RefusesBodiesAsync(string operation, string? id, params object[] bodies)
    {
        foreach (var body in bodies)
        {
            await CallAsync(HttpStatusCode.UnprocessableEntity, operation, id, body);
        }

        await CallAsync(HttpStatusCode.BadRequest, operation, id, "{");
    }

    private static (HttpMethod Method, string Path) Parse(string operation, string? id)
    {
        var parts = operation.Split(' ');
        return (new HttpMethod(parts[0]), string.Join('/', parts[1].Split('/').Select(part => part is ['{', .., '}'] ? id : part)));
    }
}
