using System.Text.Json;
using System.Text.RegularExpressions;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents;

/// <summary>Reads the messages of a thread (wire-contract 7.3) for their text.</summary>
internal static partial class MessageText
{
    /// <summary>Whether this is a message of the type, as in <c>human</c>.</summary>
    public static bool IsOfType(JsonElement message, string type) =>
        message.ValueKind == JsonValueKind.Object
        && message.TryGetProperty("type", out var value)
        && value.ValueKind == JsonValueKind.String
        && value.TextOrNull() == type;

    /// <summary>The content of a message: a string, or the text blocks of a list joined by newline; empty for any other shape.</summary>
    public static string Of(JsonElement message) =>
        Property(message, "content") ?? string.Join('\n', PartsOf(message));

    /// <summary>Every text of the content, in order; of a list, its blocks of type <c>text</c> and its bare strings.</summary>
    public static IEnumerable<string> PartsOf(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("content", out var content))
        {
            return [];
        }

        return content.ValueKind switch
        {
            JsonValueKind.String => [Read(content)],
            JsonValueKind.Array => content.EnumerateArray().Select(OfBlock).OfType<string>(),
            _ => [],
        };
    }

    /// <summary>A string property of an object, or null.</summary>
    public static string? Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? Read(value)
            : null;

    /// <summary>The text of one block of a content; null for a block of another kind.</summary>
    public static string? OfBlock(JsonElement block) => block.ValueKind switch
    {
        JsonValueKind.String => Read(block),
        _ when IsOfType(block, "text") => Property(block, "text"),
        _ => null,
    };

    /// <summary>
    /// A JSON text. JSON may escape half of a surrogate pair, and <see cref="JsonElement.GetString"/> refuses such a text. A run should
    /// not fail for half an emoji that a client cut off, so the half becomes the replacement character.
    /// </summary>
    public static string Read(JsonElement text)
    {
        try
        {
            return text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            var mended = EscapeSequence().Replace(text.GetRawText(), match => match.Groups["half"].Success ? @"\ufffd" : match.Value);
            return JsonElement.Parse(mended).GetString()!;
        }
    }

    // Every escape is matched, so that none is entered in its middle: whole pairs first, then halves, then all others.
    [GeneratedRegex("""\\u[dD][89abAB]..\\u[dD][c-fC-F]..|(?<half>\\u[dD][89a-fA-F]..)|\\.""")]
    private static partial Regex EscapeSequence();
}
