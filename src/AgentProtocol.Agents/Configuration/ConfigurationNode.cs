using System.Text.Json;

namespace AgentProtocol.Agents.Configuration;

/// <summary>A value in the agents file that knows where it stands, so that every complaint about it can say so.</summary>
/// <param name="File">The file.</param>
/// <param name="Path">The JSON path of the value.</param>
/// <param name="Element">The value.</param>
internal sealed record ConfigurationNode(string File, string Path, JsonElement Element)
{
    /// <summary>The name of the member that the value belongs to.</summary>
    public string Name => Path[(Path.LastIndexOf('.') + 1)..];

    /// <summary>Refuses a value that is not an object, and members that are unknown or written twice: a typing error must not pass silently.</summary>
    public ConfigurationNode WithMembers(params string[] known)
    {
        HashSet<string> seen = [];
        foreach (var member in AsObject().Element.EnumerateObject())
        {
            if (!known.Contains(member.Name))
            {
                throw At(member).Error($"there is no such member: remove it, or use one of {string.Join(", ", known)}");
            }

            if (!seen.Add(member.Name))
            {
                throw At(member).Error("this member is there twice: keep one");
            }
        }

        return this;
    }

    /// <summary>Refuses a value that is not an object.</summary>
    public ConfigurationNode AsObject() => Element.ValueKind == JsonValueKind.Object ? this : throw Error("this must be an object: write { … }");

    /// <summary>A member that has to be there.</summary>
    public ConfigurationNode Required(string name) =>
        Optional(name) ?? throw Error($"the member \"{name}\" is missing: add it");

    /// <summary>A member that may be left out.</summary>
    public ConfigurationNode? Optional(string name) =>
        Element.TryGetProperty(name, out var value) ? new ConfigurationNode(File, $"{Path}.{name}", value) : null;

    /// <summary>The items of a list.</summary>
    public IEnumerable<ConfigurationNode> Items() => Element.ValueKind == JsonValueKind.Array
        ? Element.EnumerateArray().Select((item, index) => new ConfigurationNode(File, $"{Path}[{index}]", item))
        : throw Error("this must be a list: write [ … ]");

    /// <summary>The value as a text that says something.</summary>
    public string Text() => Element.ValueKind == JsonValueKind.String && MessageText.Read(Element) is var text && !string.IsNullOrWhiteSpace(text)
        ? text
        : throw Error("this must be a text that is not empty: write \"…\"");

    /// <summary>The complaint, as one line.</summary>
    public AgentConfigurationException Error(string problem) => new($"{File}, {Path}: {problem}.".ReplaceLineEndings(" "));

    private ConfigurationNode At(JsonProperty member) => new(File, $"{Path}.{member.Name}", member.Value);
}
