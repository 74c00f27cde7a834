using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Llm.Tools.Mcp;

/// <summary>Reads the description of a server of the Model Context Protocol.</summary>
internal static class McpConfiguration
{
    public static McpServer Read(ConfigurationNode described, ConfigurationValues values, int number)
    {
        described.WithMembers("name", "command", "args", "env", "url", "headers");
        var (command, url) = (described.Optional("command"), described.Optional("url"));
        if (command is null == url is null)
        {
            throw described.Error("an MCP server has either a \"command\" or a \"url\": write one of them");
        }

        foreach (var member in (string[])(command is null ? ["args", "env"] : ["headers"]))
        {
            if (described.Optional(member) is { } misplaced)
            {
                throw misplaced.Error($"this goes with a {(command is null ? "\"command\"" : "\"url\"")} only: remove it");
            }
        }

        return new McpServer
        {
            Name = described.Optional("name") is { } name ? Name(name) : $"mcp{number}",
            Command = command?.Text(),
            Arguments = [.. described.Optional("args")?.Items().Select(argument => argument.Text()) ?? []],
            Environment = Environment(described.Optional("env"), values),
            Url = url is null ? null : ConfigurationValues.Url(url),
            Headers = HeaderConfiguration.Read(described.Optional("headers"), values),
        };
    }

    /// <summary>The variables that a program gets to see. One that is not set here is not set there.</summary>
    private static Dictionary<string, string> Environment(ConfigurationNode? names, ConfigurationValues values)
    {
        Dictionary<string, string> environment = new(StringComparer.Ordinal);
        foreach (var name in names?.Items() ?? [])
        {
            environment[name.Text()] = values.Variable(name, ConfigurationValues.VariableName(name));
        }

        return environment;
    }

    private static string Name(ConfigurationNode name) => ToolNames.IsValid(name.Text())
        ? name.Text()
        : throw name.Error("the name stands before those of tools: use 1 to 64 letters, digits, underscores and hyphens");
}
