using System.ClientModel;
using System.Text.Json;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>Says what went wrong with a model's server, and whether another attempt may succeed.</summary>
internal static class OpenAiErrors
{
    private const int LongestReason = 500;

    /// <summary>The failure as the run's caller is told: with the server's own words, but never with the key.</summary>
    public static AgentException Translate(Exception exception, OpenAiEndpoint endpoint)
    {
        var server = $"The model server {endpoint.BaseUrl.Authority}";
        var (message, retryable) = exception switch
        {
            ClientResultException { Status: > 0 } refused => ($"{server} answered {refused.Status}: {Reason(refused)}", IsTemporary(refused.Status)),
            OperationCanceledException or TimeoutException => ($"{server} was silent for too long.", true),
            ClientResultException or HttpRequestException => ($"{server} cannot be reached: {Innermost(exception)}", true),
            IOException => ($"The connection to {server[..1].ToLowerInvariant()}{server[1..]} was lost in the middle of the answer.", true),
            _ => ($"{server} answered with something that is not a chat completion: {exception.Message}", false),
        };
        return new AgentException(OneLine(WithoutKey(message, endpoint)), retryable, Innocent(exception, endpoint));
    }

    private static bool IsTemporary(int status) => status is 408 or 425 or 429 or >= 500;

    private static string Innermost(Exception exception) => exception.GetBaseException().Message;

    /// <summary>The words of the error body in the forms that servers use: OpenAI's object, Ollama's text, FastAPI's detail.</summary>
    private static string Reason(ClientResultException refused)
    {
        var body = refused.GetRawResponse()?.Content.ToString() ?? "";
        try
        {
            var json = JsonElement.Parse(body);
            var words = json.ValueKind == JsonValueKind.Object && json.TryGetProperty("error", out var error)
                ? MessageText.Property(error, "message") ?? MessageText.Property(json, "error")
                : MessageText.Property(json, "message") ?? MessageText.Property(json, "detail");
            return words ?? body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    private static string OneLine(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestReason ? line : line[..LongestReason] + "…";
    }

    private static string WithoutKey(string text, OpenAiEndpoint endpoint) =>
        endpoint.ApiKey is { } key ? text.Replace(key, "***", StringComparison.Ordinal) : text;

    /// <summary>The cause goes to the log, so it is left out when a server repeated the key in it.</summary>
    private static Exception? Innocent(Exception exception, OpenAiEndpoint endpoint) =>
        endpoint.ApiKey is { } key && exception.ToString().Contains(key, StringComparison.Ordinal) ? null : exception;
}
