using System.Text.Json;
using AgentProtocol.Agents.Configuration;

namespace AgentProtocol.Agents.Processes;

/// <summary>Makes an agent of kind <c>process</c> of its description.</summary>
internal static class ProcessConfiguration
{
    /// <summary>The members of its own.</summary>
    public static IReadOnlyList<string> Members { get; } =
    [
        "command", "args", "mode", "steerable", "history", "workingDirectory", "env", "envAllow",
        "memoryMb", "cpuSeconds", "killGraceSeconds", "nodes",
    ];

    public static AgentDefinition Read(ConfigurationNode described, ConfigurationValues values)
    {
        described.WithMembers([.. AgentsFileReader.CommonMembers, .. Members]);
        var options = Options(described, values);
        return ProcessAgents.Mistake(options) is { } mistake
            ? throw described.Error(mistake)
            : ProcessAgents.Define(options, values.Time, values.Secrets);
    }

    private static ProcessAgentOptions Options(ConfigurationNode described, ConfigurationValues values) => new()
    {
        Command = Command(described.Required("command")),
        Arguments = Texts(described.Optional("args")),
        Mode = Mode(described.Optional("mode")),
        Steerable = described.Optional("steerable")?.Flag() == true,
        History = described.Optional("history")?.Flag() == true,
        WorkingDirectory = Path.GetFullPath(described.Optional("workingDirectory")?.Text() ?? ".", FolderOf(described)),
        Environment = Variables(described.Optional("env"), values),
        EnvironmentAllow = Texts(described.Optional("envAllow")),
        MemoryMb = described.Optional("memoryMb")?.Integer(1, int.MaxValue),
        CpuSeconds = described.Optional("cpuSeconds")?.Integer(1, int.MaxValue),
        KillGrace = described.Optional("killGraceSeconds") is { } grace ? TimeSpan.FromSeconds(grace.Number(0, 60)) : new ProcessAgentOptions { Command = "" }.KillGrace,
        Nodes = described.Optional("nodes") is { } nodes ? Names(nodes) : [],
    };

    /// <summary>A bare name is looked for on the PATH; a path begins where the file lies, wherever the server was started.</summary>
    private static string Command(ConfigurationNode command) =>
        ProgramPath.IsName(command.Text()) ? command.Text() : Path.GetFullPath(command.Text(), FolderOf(command));

    private static string FolderOf(ConfigurationNode node) => Path.GetDirectoryName(Path.GetFullPath(node.File))!;

    private static ProcessMode Mode(ConfigurationNode? mode) => mode?.Text() switch
    {
        null or "jsonLines" => ProcessMode.JsonLines,
        "plain" => ProcessMode.Plain,
        _ => throw mode.Error("there is no such mode: use \"jsonLines\" or \"plain\""),
    };

    private static Dictionary<string, string> Variables(ConfigurationNode? env, ConfigurationValues values)
    {
        Dictionary<string, string> variables = [];
        foreach (var member in env?.AsObject().Element.EnumerateObject() ?? default)
        {
            variables[member.Name] = values.Expanded(env!.Required(member.Name));
        }

        return variables;
    }

    private static string[] Names(ConfigurationNode nodes) => nodes.Items().Select(name => name.Text()).ToArray() is { Length: > 0 } names
        ? names
        : throw nodes.Error("a program has at least one step: name it, or remove the member");

    /// <summary>Unlike a name, an argument may be empty.</summary>
    private static string[] Texts(ConfigurationNode? list) => list is null ? [] :
        [.. list.Items().Select(item => item.Element.ValueKind == JsonValueKind.String ? MessageText.Read(item.Element) : item.Text())];
}
