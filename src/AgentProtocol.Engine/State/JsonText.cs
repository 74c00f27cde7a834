using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>Composes JSON text from parts that are JSON text already, without parsing them again.</summary>
internal static class JsonText
{
    /// <summary>Writes text outside ASCII as it is: the wire is UTF-8, and escapes would only make it longer.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>What a client may nest, plus the levels that our own wrapping adds.</summary>
    public static JsonDocumentOptions DocumentOptions { get; } = new() { MaxDepth = Contracts.ProtocolJsonContext.MaxDepth + 32 };

    /// <summary>Half of a surrogate pair, as at the edge of a streamed piece, becomes U+FFFD: UTF-8 has no form for it.</summary>
    public static StringBuilder AppendJsonString(this StringBuilder builder, string value) =>
        builder.Append('"').Append(JsonEncodedText.Encode(Encoding.UTF8.GetBytes(value), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value).Append('"');

    public static StringBuilder AppendMessages(this StringBuilder builder, ReadOnlySpan<StateMessage> messages)
    {
        builder.Append('[');
        for (var i = 0; i < messages.Length; i++)
        {
            builder.Append(i == 0 ? "" : ",").Append(messages[i].Json);
        }

        return builder.Append(']');
    }

    /// <summary>
    /// JSON text without line breaks. Outside of strings they are blanks, and inside they are always escaped, so nothing
    /// of the value changes; events and stored frames are lines.
    /// </summary>
    public static string SingleLine(string json) =>
        json.AsSpan().ContainsAny('\n', '\r') ? json.Replace('\n', ' ').Replace('\r', ' ') : json;

    public static string Quote(string value) => new StringBuilder(value.Length + 2).AppendJsonString(value).ToString();

    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json, DocumentOptions);
        return document.RootElement.Clone();
    }
}
