using System.Text.Json;

namespace AgentProtocol.Agents.Wire;

/// <summary>The members of something that an agent said. A member that is null is one that is not there.</summary>
/// <param name="Type">What it is.</param>
/// <param name="Whole">The object.</param>
internal readonly record struct EventMembers(string Type, JsonElement Whole)
{
    /// <summary>A text; null when it is not there.</summary>
    public string? Text(string name) => Optional(name).ValueKind switch
    {
        JsonValueKind.Undefined => null,
        JsonValueKind.String => MessageText.Property(Whole, name),
        _ => throw Wrong(name, "a text"),
    };

    /// <summary>A text that has to be there.</summary>
    public string Required(string name) => Text(name) ?? throw Wrong(name, "a text");

    /// <summary>A number; null when it is not there.</summary>
    public double? Number(string name) => Optional(name) switch
    {
        { ValueKind: JsonValueKind.Undefined } => null,
        { ValueKind: JsonValueKind.Number } number when number.TryGetDouble(out var value) => value,
        _ => throw Wrong(name, "a number"),
    };

    /// <summary>A number of things; 0 when it is not there.</summary>
    public long Count(string name) => Optional(name) switch
    {
        { ValueKind: JsonValueKind.Undefined } => 0,
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt64(out var value) && value >= 0 => value,
        _ => throw Wrong(name, "a whole number that is not negative"),
    };

    /// <summary>True or false; false when it is not there.</summary>
    public bool Flag(string name) => Optional(name).ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False or JsonValueKind.Undefined => false,
        _ => throw Wrong(name, "true or false"),
    };

    /// <summary>An object that has to be there.</summary>
    public JsonElement Object(string name) => Optional(name) is { ValueKind: JsonValueKind.Object } value ? value : throw Wrong(name, "an object");

    /// <summary>Any value that has to be there; null is one.</summary>
    public JsonElement Value(string name) => Whole.TryGetProperty(name, out var value) ? value : throw Wrong(name, "a value");

    /// <summary>Any value; undefined when it is not there.</summary>
    public JsonElement Optional(string name) =>
        Whole.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    private AgentException Wrong(string name, string wanted) =>
        new($"The agent said \"{PrintableText.BeginningOf(Type)}\" in which \"{name}\" is not {wanted}: {PrintableText.BeginningOf(Whole.GetRawText())}");
}
