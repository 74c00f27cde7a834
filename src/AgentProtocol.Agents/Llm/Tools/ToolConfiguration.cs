using AgentProtocol.Agents.Configuration;
using AgentProtocol.Agents.Llm.Tools.Mcp;
using Microsoft.Extensions.AI;

namespace AgentProtocol.Agents.Llm.Tools;

/// <summary>Makes tools of the member <c>tools</c> of an agent's description.</summary>
internal static class ToolConfiguration
{
    private static readonly string[] Kinds = ["mcp", "http", "store", "agent"];

    /// <summary>The tools of the agent; none when it has no such member.</summary>
    public static ToolSet Read(ConfigurationNode agent, ConfigurationValues values)
    {
        List<AITool> known = [];
        List<McpTools> servers = [];
        foreach (var entry in agent.Optional("tools")?.Items() ?? [])
        {
            var kind = KindOf(entry);
            if (kind.Name == "mcp")
            {
                var server = McpConfiguration.Read(kind, values, servers.Count + 1);
                servers.Add(new McpTools(server, values.Connections.Mcp, ApprovalOf(entry), values.Secrets));
                continue;
            }

            Add(known, kind, entry, Functions(kind, entry, values));
        }

        return new ToolSet(known, servers);
    }

    /// <summary>The names of other agents that are tools of an agent.</summary>
    public static IEnumerable<ConfigurationNode> AgentsOf(ConfigurationNode agent) =>
        (agent.Optional("tools")?.Items() ?? []).Select(entry => entry.Optional("agent")).OfType<ConfigurationNode>();

    private static ConfigurationNode KindOf(ConfigurationNode entry)
    {
        var given = Kinds.Select(kind => entry.AsObject().Optional(kind)).OfType<ConfigurationNode>().ToList();
        if (given is not [var kind])
        {
            throw entry.Error($"a tool has exactly one of {string.Join(", ", Kinds)}: write one, and the others as tools of their own");
        }

        entry.WithMembers(kind.Name == "agent" ? ["agent", "name", "description", "requireApproval"] : [kind.Name, "requireApproval"]);
        return kind;
    }

    private static IEnumerable<AIFunction> Functions(ConfigurationNode kind, ConfigurationNode entry, ConfigurationValues values) => kind.Name switch
    {
        "http" => [new HttpTool(HttpToolConfiguration.Read(kind, values), values.Connections.Http, values.Time, values.Secrets).Function],
        "store" => new StoreTools(Labels(kind.WithMembers("namespace").Required("namespace"))).All,
        _ => [AgentTool.For(
            kind.Text(),
            entry.Optional("name") is { } name ? Name(name) : ToolNames.Near(kind.Text()),
            entry.Optional("description")?.Text() ?? $"Lets the agent {kind.Text()} do a task and gives its answer.")],
    };

    private static void Add(List<AITool> known, ConfigurationNode kind, ConfigurationNode entry, IEnumerable<AIFunction> functions)
    {
        var approval = ApprovalOf(entry);
        var names = new List<string>();
        foreach (var function in functions)
        {
            if (known.Exists(other => other.Name == function.Name))
            {
                throw kind.Error($"there is another tool called \"{function.Name}\": {(kind.Name == "store" ? "an agent has one store" : "give one of them another name")}");
            }

            names.Add(function.Name);
            known.Add(approval.Apply(function, function.Name));
        }

        if (approval.Names.Except(names).FirstOrDefault() is { } unknown)
        {
            throw entry.Required("requireApproval").Error($"there is no tool \"{unknown}\" here: use {string.Join(", ", names)}, or true for all");
        }
    }

    private static ApprovalRule ApprovalOf(ConfigurationNode entry) =>
        entry.Optional("requireApproval") is not { } rule ? new ApprovalRule(All: false, [])
        : rule.Element.ValueKind == System.Text.Json.JsonValueKind.Array ? new ApprovalRule(All: false, [.. rule.Items().Select(name => name.Text())])
        : new ApprovalRule(rule.Flag(), []);

    private static string[] Labels(ConfigurationNode labels) =>
        labels.Items().Select(label => label.Text()).ToArray() is { Length: > 0 } given
            ? Array.TrueForAll(given, label => !label.Contains('.', StringComparison.Ordinal)) && given[0] != "langgraph"
                ? given
                : throw labels.Error("labels have no dots, and the first is not \"langgraph\": choose others")
            : throw labels.Error("a namespace has at least one label: write it like [\"memories\"]");

    private static string Name(ConfigurationNode name) => ToolNames.IsValid(name.Text())
        ? name.Text()
        : throw name.Error("a tool's name has 1 to 64 letters, digits, underscores and hyphens: choose such a one");
}
