using System.Text.RegularExpressions;
using AgentProtocolServer.Tests.Architecture;
using Xunit;

namespace AgentProtocolServer.Tests.Docs;

/// <summary>docs/configuration.md lists the settings that the options classes have, with their defaults.</summary>
public sealed partial class ConfigurationDocumentTests
{
    private static readonly Dictionary<string, string> Documented = Row()
        .Matches(File.ReadAllText(Checkout.PathOf("docs/configuration.md")))
        .ToDictionary(row => row.Groups["setting"].Value, row => row.Groups["default"].Value.Trim());

    [Fact]
    public void The_document_lists_all_settings_and_no_others() =>
        Assert.Equal(KnownSettings.All.Select(setting => setting.Name).Concat(KnownSettings.WithoutOptions).Order(), Documented.Keys.Order());

    [Fact]
    public void The_document_has_the_defaults_of_the_code()
    {
        var wrong = KnownSettings.All
            .Where(setting => Documented.GetValueOrDefault(setting.Name) is { } cell && !Says(cell, setting.Default))
            .Select(setting => $"{setting.Name} is {setting.Default} and not {Documented[setting.Name]}");
        Assert.Empty(wrong);
    }

    // What is not there, or another on each machine, is described in words.
    private static bool Says(string cell, string? value) => value is null || value == Environment.MachineName
        ? cell.Length > 0 && !cell.StartsWith('`')
        : cell == $"`{value}`";

    [GeneratedRegex(@"^\| `(?<setting>[A-Z]\w+:[\w:<>]+)` \|(?<default>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
