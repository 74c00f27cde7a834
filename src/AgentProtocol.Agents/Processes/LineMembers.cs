using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;

namespace AgentProtocol.Agents.Processes;

/// <summary>The members of a line, which complain by showing its beginning: its author is a program that somebody is writing.</summary>
internal readonly struct LineMembers
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256, AllowDuplicateProperties = false };

    private readonly ReadOnlyMemory<byte> line;
    private readonly JsonElement element;

    /// <exception cref="AgentException">The line is not a JSON object.</exception>
    public LineMembers(ReadOnlyMemory<byte> line)
    {
        this.line = line;
        try
        {
            element = Utf8.IsValid(line.Span) ? JsonElement.Parse(line.Span, Options) : default;
        }
        catch (JsonException)
        {
            element = default;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Error("a line that is not a JSON object");
        }
    }

    public JsonElement.ObjectEnumerator All => element.EnumerateObject();

    public string Text(string name) => OptionalText(name) ?? throw Error($"a line whose \"{name}\" is not a text");

    public string? OptionalText(string name) => !Has(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? MessageText.Read(value) : throw Error($"a line whose \"{name}\" is not a text");

    public double? OptionalNumber(string name) => !Has(name, out var value) ? null
        : value.ValueKind == JsonValueKind.Number ? value.GetDouble() : throw Error($"a line whose \"{name}\" is not a number");

    public long Count(string name) => !Has(name, out var value) ? 0
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var count) && count >= 0
            ? count
            : throw Error($"a line whose \"{name}\" is not a whole number");

    public bool Flag(string name) => Has(name, out var value) && (value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? value.GetBoolean()
        : throw Error($"a line whose \"{name}\" is not true or false"));

    public JsonElement Any(string name) => element.TryGetProperty(name, out var value) ? value : throw Error($"a line without \"{name}\"");

    public JsonElement OptionalAny(string name) => element.TryGetProperty(name, out var value) ? value : default;

    public JsonElement Object(string name) =>
        Any(name) is { ValueKind: JsonValueKind.Object } value ? value : throw Error($"a line whose \"{name}\" is not an object");

    private bool Has(string name, [NotNullWhen(true)] out JsonElement value) =>
        element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private AgentException Error(string what) => new($"The program wrote {what}: {PrintableText.BeginningOf(line.Span)}");
}
