using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Configuration;

internal sealed partial class ConfigurationValues
{
    /// <summary>A text with the environment variables that it refers to as <c>{env:NAME}</c>, so that no secret is written into the file.</summary>
    public string Expanded(ConfigurationNode text) => Reference().Replace(
        text.Element.ValueKind == System.Text.Json.JsonValueKind.String ? MessageText.Read(text.Element) : text.Text(),
        match => environment(match.Groups["name"].Value)
            ?? throw text.Error($"the environment variable {match.Groups["name"].Value} is not set: set it, or remove the reference"));

    [GeneratedRegex(@"\{env:(?<name>[A-Za-z_][A-Za-z0-9_]*)\}")]
    private static partial Regex Reference();
}
