using System.Text.Json;
using System.Text.Json.Serialization;

namespace AgentProtocol.Contracts.Json;

/// <summary>
/// A JSON document carried as text, so that what a user sent comes back byte for byte: key order, number spelling and
/// nulls included (wire-contract 1.1). The text is trusted to be valid JSON and is written without another check.
/// </summary>
[JsonConverter(typeof(RawJsonConverter))]
public readonly record struct RawJson
{
    private readonly string? text;

    /// <summary>Wraps a valid JSON text.</summary>
    public RawJson(string text) => this.text = text;

    /// <summary>The JSON text; <c>null</c> (the JSON literal) for the default value.</summary>
    public string Text => text ?? "null";

    /// <summary>The empty object.</summary>
    public static RawJson EmptyObject { get; } = new("{}");

    /// <summary>The empty array.</summary>
    public static RawJson EmptyArray { get; } = new("[]");

    /// <summary>Wraps the text that an element was parsed from, unchanged.</summary>
    public static RawJson From(JsonElement element) => new(element.GetRawText());

    /// <inheritdoc />
    public override string ToString() => Text;
}

internal sealed class RawJsonConverter : JsonConverter<RawJson>
{
    public override RawJson Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return new RawJson(document.RootElement.GetRawText());
    }

    public override void Write(Utf8JsonWriter writer, RawJson value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Text, skipInputValidation: true);
}
