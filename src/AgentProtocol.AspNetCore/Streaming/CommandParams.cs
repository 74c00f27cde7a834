using System.Text.Json;
using AgentProtocol.Contracts.Errors;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>
/// The parameters of a command. Clients write names in snake case, the protocol's document in camel case, so both are
/// read (wire-contract 6.6). What is null counts as absent.
/// </summary>
internal readonly struct CommandParams
{
    private readonly JsonElement parameters;

    /// <exception cref="ProtocolException">The parameters are not an object.</exception>
    public CommandParams(JsonElement? parameters)
    {
        this.parameters = parameters ?? default;
        if (this.parameters.ValueKind is not (JsonValueKind.Object or JsonValueKind.Undefined or JsonValueKind.Null))
        {
            throw ProtocolException.InvalidField("params", "must be an object", "type_error");
        }
    }

    /// <summary>Any value.</summary>
    public JsonElement? Value(string name) =>
        parameters.ValueKind == JsonValueKind.Object
        && (parameters.TryGetProperty(name, out var value) || parameters.TryGetProperty(CamelCase(name), out value))
        && value.ValueKind != JsonValueKind.Null ? value : null;

    public string? Text(string name) => Value(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? ReadText(name, value) : throw Invalid(name, "must be a string");

    public string RequiredText(string name) => Text(name) is { Length: > 0 } text ? text : throw Invalid(name, "is required", "missing");

    public Guid? Id(string name) => Text(name) is not { } text ? null
        : Guid.TryParseExact(text, "D", out var id) ? id : throw Invalid(name, "must be a UUID");

    public int? Integer(string name, int min, int max) => Value(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max ? number
        : throw Invalid(name, $"must be an integer from {min} to {max}");

    public IReadOnlyList<string>? Texts(string name)
    {
        if (Value(name) is not { } list)
        {
            return null;
        }

        return list.ValueKind == JsonValueKind.Array && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(item => ReadText(name, item))]
            : throw Invalid(name, "must be a list of strings");
    }

    public static ProtocolException Invalid(string name, string problem, string type = "value_error") =>
        ProtocolException.InvalidField($"params.{name}", problem, type);

    private static string ReadText(string name, JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw Invalid(name, "must be valid Unicode");
        }
    }

    private static string CamelCase(string name) =>
        string.Concat(name.Split('_').Select((word, index) => index == 0 || word.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
}
