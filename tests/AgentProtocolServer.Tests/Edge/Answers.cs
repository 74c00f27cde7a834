using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

/// <summary>Short words for sending text and reading JSON back.</summary>
internal static class Answers
{
    public static Task<HttpResponseMessage> PostTextAsync(this HttpClient client, string path, string body, string? contentType = "application/json") =>
        client.PostBytesAsync(path, Encoding.UTF8.GetBytes(body), contentType);

    public static Task<HttpResponseMessage> PostBytesAsync(this HttpClient client, string path, byte[] body, string? contentType = "application/json")
    {
        var content = new ByteArrayContent(body);
        content.Headers.ContentType = contentType is null ? null : MediaTypeHeaderValue.Parse(contentType);
        return client.PostAsync(path, content, TestContext.Current.CancellationToken);
    }

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Asserts the error shape of wire-contract 1.3 and returns it.</summary>
    public static async Task<JsonElement> RefusedAsync(this HttpResponseMessage response, HttpStatusCode status, string code)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.Contains("x-request-id"));
        var error = await response.JsonAsync();
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.NotEqual("", error.GetProperty("message").GetString());
        Assert.Equal(error.GetProperty("message").GetString(), error.GetProperty("detail").GetString());
        Assert.Equal(JsonValueKind.Object, error.GetProperty("metadata").ValueKind);
        return error;
    }

    /// <summary>The places of the refused fields, each joined by dots.</summary>
    public static string[] Locations(this JsonElement error) =>
        [.. error.GetProperty("metadata").GetProperty("errors").EnumerateArray()
            .Select(field => string.Join('.', field.GetProperty("loc").EnumerateArray().Select(part => part.GetString())))];
}
