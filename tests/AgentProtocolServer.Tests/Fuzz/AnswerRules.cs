using System.Globalization;
using System.Net;
using System.Text.Json;

namespace AgentProtocolServer.Tests.Fuzz;

/// <summary>What holds for every answer, whatever was asked (wire-contract 1.3).</summary>
internal static class AnswerRules
{
    /// <summary>What is wrong with an answer; null when nothing is.</summary>
    public static string? Breach(HttpMethod method, HttpResponseMessage response, string body)
    {
        var status = (int)response.StatusCode;
        return status switch
        {
            >= 500 => "a failure of the server",
            < 400 => null,
            _ when IsFromWebServer(response, body) || method == HttpMethod.Head => null,
            _ when !response.Headers.Contains("x-request-id") => "no x-request-id",
            _ when response.Content.Headers.ContentType?.MediaType != "application/json" => $"an error of type {response.Content.Headers.ContentType}",
            _ => Shape(body),
        };
    }

    /// <summary>What cannot be parsed as HTTP, or is too long for it, is refused before our code sees it.</summary>
    private static bool IsFromWebServer(HttpResponseMessage response, string body) =>
        body.Length == 0 && response.Headers.ConnectionClose == true
        && response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.RequestUriTooLong or HttpStatusCode.RequestHeaderFieldsTooLarge;

    private static string? Shape(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var error = document.RootElement;
            var right = error.GetProperty("code").GetString() is { Length: > 0 }
                && error.GetProperty("message").GetString() is { Length: > 0 } message
                && error.GetProperty("detail").GetString() == message
                && error.GetProperty("metadata").ValueKind == JsonValueKind.Object
                && (!error.GetProperty("metadata").TryGetProperty("errors", out var errors) || errors.EnumerateArray().All(IsField));
            return right ? null : "an error of another shape";
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Not JSON, a member that is missing, or one of another type.
            return string.Create(CultureInfo.InvariantCulture, $"an error of another shape ({exception.Message})");
        }
    }

    private static bool IsField(JsonElement field) =>
        field.GetProperty("loc").EnumerateArray().All(part => part.ValueKind is JsonValueKind.String or JsonValueKind.Number)
        && field.GetProperty("msg").GetString() is not null && field.GetProperty("type").GetString() is not null;
}
