using System.Text.Json;

namespace AgentProtocol.Agents.Wire;

/// <summary>Finds the words in what servers answer when they refuse.</summary>
internal static class ErrorText
{
    private const int LongestReason = 500;

    /// <summary>The words of a body in the forms that servers use: ours, FastAPI's detail, an error that is a text or an object; else all of it.</summary>
    public static string Of(string body)
    {
        try
        {
            return Words(JsonElement.Parse(body)) ?? body;
        }
        catch (JsonException)
        {
            return body;
        }
    }

    /// <summary>A text without line breaks, and not longer than somebody reads.</summary>
    public static string OneLine(string text)
    {
        var line = string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        return line.Length <= LongestReason ? line : line[..LongestReason] + "…";
    }

    private static string? Words(JsonElement body) => body.ValueKind != JsonValueKind.Object ? null
        : MessageText.Property(body, "message") ?? MessageText.Property(body, "detail") ?? MessageText.Property(body, "error")
            ?? (body.TryGetProperty("error", out var error) ? MessageText.Property(error, "message") : null);
}
