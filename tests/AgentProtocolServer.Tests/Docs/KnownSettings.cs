using System.Globalization;
using System.Reflection;
using AgentProtocol.Agents;
using AgentProtocol.AspNetCore;
using AgentProtocol.Engine;
using AgentProtocol.Hangfire;
using AgentProtocolServer.Hosting;

namespace AgentProtocolServer.Tests.Docs;

/// <summary>The settings that there are, as the options classes have them.</summary>
internal static class KnownSettings
{
    /// <summary>Read by hand, because the framework or the logging library binds them.</summary>
    public static readonly string[] WithoutOptions = ["ConnectionStrings:Postgres", "Serilog:MinimumLevel:Default", "Serilog:MinimumLevel:Override:<source>", "Serilog:WriteTo"];

    private static readonly Assembly[] Assemblies =
        [typeof(IAgent).Assembly, typeof(EngineSchema).Assembly, typeof(LimitsOptions).Assembly, typeof(HangfireOptions).Assembly, typeof(ServerHost).Assembly];

    /// <summary>Their names, with a colon behind the section, and their defaults.</summary>
    public static IReadOnlyList<(string Name, string? Default)> All { get; } = [.. Read()];

    /// <summary>Those of some environment variables that look like settings and are none.</summary>
    public static IEnumerable<string> Unknown(IEnumerable<string> variables) =>
        from variable in variables
        where variable.Contains("__", StringComparison.Ordinal)
        let name = variable.Replace("__", ":", StringComparison.Ordinal)
        where !name.StartsWith("Serilog:", StringComparison.Ordinal) && !WithoutOptions.Contains(name) && !All.Any(setting => setting.Name == name)
        select variable;

    private static IEnumerable<(string Name, string? Default)> Read() =>
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
}
