using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Engine.State;

/// <summary>Composes JSON text from parts that are JSON text already, without parsing them again.</summary>
internal static class JsonText
{
    /// <summary>What is the same inside of a string: nearly all names and ids are made of it.</summary>
    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Except(['"', '\\'])]);

    /// <summary>Writes text outside ASCII as it is: the wire is UTF-8, and escapes would only make it longer.</summary>
    public static JsonWriterOptions WriterOptions { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>What a client may nest, plus the levels that our own wrapping adds.</summary>
    public static JsonDocumentOptions DocumentOptions { get; } = new() { MaxDepth = Contracts.ProtocolJsonContext.MaxDepth + 32 };

    public static StringBuilder AppendJsonString(this StringBuilder builder, string value) =>
        builder.Append('"').Append(Encode(value)).Append('"');

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

    /// <summary>An object of these members, each with the text it was parsed from.</summary>
    public static string WriteObject(IEnumerable<JsonProperty> members)
    {
        var text = new StringBuilder("{");
        foreach (var member in members)
        {
            text.Append(text.Length > 1 ? "," : "").AppendJsonString(member.Name).Append(':').Append(member.Value.GetRawText());
        }

        return text.Append('}').ToString();
    }

    /// <summary>An object with the members of both; where both have one, that of <paramref name="over"/>.</summary>
    public static string Merge(JsonElement under, JsonElement over) =>
        over.ValueKind != JsonValueKind.Object
            ? under.GetRawText()
            : WriteObject(under.EnumerateObject().Where(member => !over.TryGetProperty(member.Name, out _)).Concat(over.EnumerateObject()));

    /// <summary>Containment as in metadata searches: objects recursively, all else by equality (wire-contract 1.5).</summary>
    public static bool Contains(JsonElement value, JsonElement wanted) =>
        wanted.ValueKind == JsonValueKind.Object
            ? value.ValueKind == JsonValueKind.Object && wanted.EnumerateObject().All(member =>
                value.TryGetProperty(member.Name, out var inner) && Contains(inner, member.Value))
            : value.IsSameAs(wanted);

    private static string Encode(string value)
    {
        if (!value.AsSpan().ContainsAnyExcept(Plain))
        {
            return value;
        }

        try
        {
            return JsonEncodedText.Encode(value, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        }
        catch (ArgumentException)
        {
            // Half of a surrogate pair, as in a token that a model has cut in two.
            return JsonEncodedText.Encode(Lifecycle.PlainText.Clean(value), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).Value;
        }
    }

    public static JsonElement Parse(string json)
    {
        using var document = JsonDocument.Parse(json, DocumentOptions);
        return document.RootElement.Clone();
    }
}
