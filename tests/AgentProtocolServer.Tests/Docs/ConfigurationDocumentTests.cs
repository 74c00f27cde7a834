using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using AgentProtocol.Agents;
using AgentProtocol.AspNetCore;
using AgentProtocol.Engine;
using AgentProtocol.Hangfire;
using AgentProtocolServer.Hosting;
using AgentProtocolServer.Tests.Architecture;
using Xunit;

namespace AgentProtocolServer.Tests.Docs;

/// <summary>docs/configuration.md lists the settings that the options classes have, with their defaults.</summary>
public sealed partial class ConfigurationDocumentTests
{
    // Read by hand, because the framework or the logging library binds them.
    private static readonly string[] WithoutOptions = ["ConnectionStrings:Postgres", "Serilog:MinimumLevel:Default", "Serilog:MinimumLevel:Override:<source>", "Serilog:WriteTo"];

    private static readonly Assembly[] Assemblies =
        [typeof(IAgent).Assembly, typeof(EngineSchema).Assembly, typeof(LimitsOptions).Assembly, typeof(HangfireOptions).Assembly, typeof(ServerHost).Assembly];

    private static readonly Dictionary<string, string> Documented = Row()
        .Matches(File.ReadAllText(Checkout.PathOf("docs/configuration.md")))
        .ToDictionary(row => row.Groups["setting"].Value, row => row.Groups["default"].Value.Trim());

    [Fact]
    public void The_document_lists_all_settings_and_no_others() =>
        Assert.Equal(Settings().Select(setting => setting.Name).Concat(WithoutOptions).Order(), Documented.Keys.Order());

    [Fact]
    public void The_document_has_the_defaults_of_the_code()
    {
        var wrong = Settings()
            .Where(setting => Documented.GetValueOrDefault(setting.Name) is { } cell && !Says(cell, setting.Default))
            .Select(setting => $"{setting.Name} is {setting.Default} and not {Documented[setting.Name]}");
        Assert.Empty(wrong);
    }

    private static IEnumerable<(string Name, string? Default)> Settings() =>
        from type in Assemblies.SelectMany(assembly => assembly.GetTypes())
        let section = type.GetField("Section")?.GetRawConstantValue() as string
        where section is not null && type.Name.EndsWith("Options", StringComparison.Ordinal)
        let options = Activator.CreateInstance(type)
        from property in type.GetProperties()
        where property.CanWrite
        select ($"{section}:{property.Name}", Text(property.GetValue(options)));

    private static string? Text(object? value) => value switch
    {
        bool flag => flag ? "true" : "false",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value?.ToString(),
    };

    // What is not there, or another on each machine, is described in words.
    private static bool Says(string cell, string? value) => value is null || value == Environment.MachineName
        ? cell.Length > 0 && !cell.StartsWith('`')
        : cell == $"`{value}`";

    [GeneratedRegex(@"^\| `(?<setting>[A-Z]\w+:[\w:<>]+)` \|(?<default>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();
}
