using System.ClientModel;
using System.Text.Json;
using Anthropic.Exceptions;

namespace AgentProtocol.Agents.Llm.Models;

/// <summary>
/// Says what went wrong with a model's server, and whether another attempt may succeed: in the server's own words, in the same
/// way for every provider, and never with the key.
/// </summary>
internal static class ModelErrors
{
    private const string SpentQuota = "insufficient_quota";

    /// <summary>Types and codes of errors that stay, for errors that come without a status.</summary>
    private static readonly string[] Lasting =
    [
        SpentQuota, "invalid_request_error", "authentication_error", "permission_error", "not_found_error", "billing_error",
    ];

    private static readonly string[] OverflowWords =
    [
        "maximum context length", // OpenAI, vLLM
        "prompt is too long", // Anthropic
        "exceed context limit", // Anthropic, input and max_tokens together
        "available context size", // llama.cpp
    ];

    /// <summary>The failure as the run's caller is told.</summary>
    public static AgentException Translate(Exception exception, ModelServer server) => exception switch
    {
        AgentException known => known,
        RefusedRequestException refused => Refused(refused, server),

        // Whoever was silent for long is not asked again here: the run's own attempts are there for that.
        OperationCanceledException or TimeoutException =>
            new AgentException($"{server.Name} was silent for too long.", retryable: true, server.Innocent(exception)),
        ClientResultException or HttpRequestException or AnthropicIOException =>
            Unavailable($"{server.Name} cannot be reached: {exception.GetBaseException().Message}", exception, server),
        IOException => Unavailable($"{server.Name} broke the connection in the middle of the answer.", exception, server),
        _ => NoAnswer(exception.Message, server, exception),
    };

    /// <summary>An answer that is in another protocol.</summary>
    public static AgentException NoAnswer(string problem, ModelServer server, Exception? cause = null) => new(
        server.Presentable($"{server.Name} answered with something that is not a chat completion: {problem}"),
        retryable: false,
        cause is null ? null : server.Innocent(cause));

    /// <summary>The error that a server sends in the place of a part of the answer, when it fails after the status.</summary>
    /// <param name="error">The member <c>error</c>: an object or a text.</param>
    /// <param name="server">Who sent it.</param>
    public static AgentException InStream(JsonElement error, ModelServer server)
    {
        var words = MessageText.Property(error, "message") ?? error.ToString();
        var message = server.Presentable($"{server.Name} failed in the middle of the answer: {words}");
        return IsOverflow(error, words) ? new ContextOverflowException(message)
            : IsLasting(error) ? new AgentException(message)
            : new ModelUnavailableException(message, retryAfter: null, innerException: null);
    }

    private static AgentException Refused(RefusedRequestException refused, ModelServer server)
    {
        var (error, words) = Read(refused.Body);
        var message = server.Presentable($"{server.Name} answered {refused.Status}: {words}");
        if (refused.Status is 413 || (refused.Status is >= 400 and < 500 and not 429 && IsOverflow(error, words)))
        {
            return new ContextOverflowException(message);
        }

        // A spent quota is answered with 429 as well, and nobody fills it up in a minute.
        return refused.Status is 408 or 425 or 429 or >= 500 && !(Code(error) == SpentQuota || Type(error) == SpentQuota)
            ? new ModelUnavailableException(message, refused.RetryAfter, innerException: null)
            : new AgentException(message);
    }

    private static ModelUnavailableException Unavailable(string message, Exception cause, ModelServer server) =>
        new(server.Presentable(message), retryAfter: null, server.Innocent(cause));

    private static bool IsOverflow(JsonElement error, string words) =>
        Code(error) == "context_length_exceeded"
        || OverflowWords.Any(part => words.Contains(part, StringComparison.OrdinalIgnoreCase));

    private static bool IsLasting(JsonElement error) => Lasting.Contains(Type(error)) || Lasting.Contains(Code(error));

    private static string? Code(JsonElement error) => MessageText.Property(error, "code");

    private static string? Type(JsonElement error) => MessageText.Property(error, "type");

    /// <summary>The error and its words in the forms that servers use: OpenAI's and Anthropic's object, Ollama's text, FastAPI's detail.</summary>
    private static (JsonElement Error, string Words) Read(string text)
    {
        try
        {
            var body = JsonElement.Parse(text);
            var error = body.ValueKind == JsonValueKind.Object && body.TryGetProperty("error", out var inner) ? inner : body;
            var words = MessageText.Property(error, "message") ?? MessageText.Property(body, "error") ?? MessageText.Property(error, "detail");
            return (error, words ?? text);
        }
        catch (JsonException)
        {
            return (default, text);
        }
    }
}
