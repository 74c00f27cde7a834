using System.ClientModel;
using System.Text.Json;
using OpenAI.Chat;

namespace AgentProtocol.Agents.Llm.OpenAi;

/// <summary>Says what went wrong with a model's server, and whether another attempt may succeed.</summary>
internal static class OpenAiErrors
{
    private const int LongestReason = 500;

    /// <summary>The failure as the run's caller is told: with the server's own words, but never with the key.</summary>
    public static AgentException Translate(Exception exception, OpenAiEndpoint endpoint)
    {
        var server = Server(endpoint);
        var (message, retryable) = exception switch
        {
            ClientResultException { Status: > 0 } refused => ($"{server} answered {refused.Status}: {Reason(refused)}", IsTemporary(refused.Status)),
            OperationCanceledException or TimeoutException => ($"{server} was silent for too long.", true),
            ClientResultException or HttpRequestException => ($"{server} cannot be reached: {Innermost(exception)}", true),
            IOException => ($"{server} broke the connection in the middle of the answer.", true),
            _ => ($"{server} answered with something that is not a chat completion: {exception.Message}", false),
        };
        return new AgentException(OneLine(WithoutKey(message, endpoint)), retryable, Innocent(exception, endpoint));
    }

    /// <summary>
    /// The error that servers send in the place of a chunk when they fail after the status; null for an ordinary chunk.
    /// The package does not know it and would pass it over.
    /// </summary>
    public static AgentException? InStream(StreamingChatCompletionUpdate chunk, OpenAiEndpoint endpoint)
    {
#pragma warning disable SCME0001 // Experimental, but the only way to members that the package has no name for.
        var isThere = chunk.Patch.TryGetJson("$.error"u8, out var json);
#pragma warning restore SCME0001
        if (!isThere || JsonElement.Parse(json.Span) is not { ValueKind: not JsonValueKind.Null } error)
        {
            return null;
        }

        var words = MessageText.Property(error, "message") ?? error.GetRawText();
        return new AgentException(OneLine(WithoutKey($"{Server(endpoint)} failed in the middle of the answer: {words}", endpoint)), retryable: true);
    }

    private static string Server(OpenAiEndpoint endpoint) => $"The model server {endpoint.BaseUrl.Authority}";

    private static bool IsTemporary(int status) => status is 408 or 425 or 429 or >= 500;

    private static string Innermost(Exception exception) => exception.GetBaseException().Message;

    private static string Reason(ClientResultException refused)
    {
        var body = refused.GetRawResponse()?.Content.ToString() ?? "";
        try
        {
            return Words(JsonElement.Parse(body)) ?? body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    /// <summary>The words of an error in the forms that servers use: OpenAI's object, Ollama's text, FastAPI's detail.</summary>
    private static string? Words(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("error", out var error)
            ? MessageText.Property(error, "message") ?? MessageText.Property(body, "error")
            : MessageText.Property(body, "message") ?? MessageText.Property(body, "detail");

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
