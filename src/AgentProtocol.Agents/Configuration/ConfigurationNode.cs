using System.Text.Json;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>A value in the agents file that knows where it stands, so that every complaint about it can say so.</summary>
/// <param name="File">The file.</param>
/// <param name="Path">The JSON path of the value.</param>
/// <param name="Element">The value.</param>
internal sealed record ConfigurationNode(string File, string Path, JsonElement Element)
{
    /// <summary>The name of the member that the value belongs to.</summary>
    public string Name => Path.EndsWith("']", StringComparison.Ordinal)
        ? Path[(Path.LastIndexOf("['", StringComparison.Ordinal) + 2)..^2]
        : Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>The lines of the file on which its values stand, by their paths.</summary>
    public ConfigurationLines Lines { get; init; } = ConfigurationLines.None;

    /// <summary>Refuses a value that is not an object, and members that are unknown: a typing error must not pass silently.</summary>
    public ConfigurationNode WithMembers(params string[] known)
    {
        var unknown = Members().FirstOrDefault(member => !known.Contains(member.Name));
        return unknown is null ? this : throw unknown.Error($"there is no such member: remove it, or use one of {string.Join(", ", known)}");
    }

    /// <summary>Refuses a value that is not an object.</summary>
    public ConfigurationNode AsObject() => Element.ValueKind == JsonValueKind.Object ? this : throw Error("this must be an object: write { … }");

    /// <summary>The members of an object whose names are the operator's to choose.</summary>
    public IEnumerable<ConfigurationNode> Members() => AsObject().Element.EnumerateObject().Select(member => Member(member.Name, member.Value));

    /// <summary>A member that has to be there.</summary>
    public ConfigurationNode Required(string name) =>
        Optional(name) ?? throw Error($"the member \"{name}\" is missing: add it");

    /// <summary>A member that may be left out.</summary>
    public ConfigurationNode? Optional(string name) => Element.TryGetProperty(name, out var value) ? Member(name, value) : null;

    /// <summary>The items of a list.</summary>
    public IEnumerable<ConfigurationNode> Items() => Element.ValueKind == JsonValueKind.Array
        ? Element.EnumerateArray().Select((item, index) => this with { Path = $"{Path}[{index}]", Element = item })
        : throw Error("this must be a list: write [ … ]");

    /// <summary>The value as a text that says something.</summary>
    public string Text() => Element.ValueKind == JsonValueKind.String && MessageText.Read(Element) is var text && !string.IsNullOrWhiteSpace(text)
        ? !text.Contains('\0') ? text : throw Error("this text has a NUL character in it: remove it")
        : throw Error("this must be a text that is not empty: write \"…\"");

    /// <summary>The value as JSON that callers are shown: without comments, and such that it can be searched in.</summary>
    public JsonElement Json() => SearchableJson.Includes(Element)
        ? AgentJson.Write(256, Element, static (writer, element) => element.WriteTo(writer))
        : throw Error("this holds text or a number that cannot be searched: remove NUL characters, halves of surrogate pairs and astronomical numbers");

    /// <summary>The complaint, as one line.</summary>
    public AgentConfigurationException Error(string problem) =>
        new($"{File}{(Lines.Of(Path) is { } line ? $", line {line}" : "")}, {Path}: {problem}.".ReplaceLineEndings(" "));

    private ConfigurationNode Member(string name, JsonElement value) => this with { Path = ConfigurationLines.PathOf(Path, name), Element = value };
}
