using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Agents;
using AgentProtocol.Contracts.Assistants;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Assistants;

/// <summary>What clients see of an assistant and of its agent.</summary>
internal static class AssistantMapping
{
    private const string Start = "__start__";
    private const string End = "__end__";

    public static Assistant ToWire(this AssistantRow row) => new()
    {
        AssistantId = row.AssistantId,
        GraphId = row.GraphId,
        Config = new RawJson(row.Config),
        Context = new RawJson(row.Context),
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        Metadata = new RawJson(row.Metadata),
        Version = row.Version,
        Name = row.Name,
        Description = row.Description,
    };

    public static AssistantVersion ToWire(this AssistantVersionRow row) => new()
    {
        AssistantId = row.AssistantId,
        GraphId = row.GraphId,
        Config = new RawJson(row.Config),
        Context = new RawJson(row.Context),
        CreatedAt = row.CreatedAt,
        Metadata = new RawJson(row.Metadata),
        Version = row.Version,
        Name = row.Name,
        Description = row.Description,
    };

    /// <summary>The only version of an assistant of the server that its owner has not edited.</summary>
    public static AssistantVersion ToOnlyVersion(this AssistantRow row) => new()
    {
        AssistantId = row.AssistantId,
        GraphId = row.GraphId,
        Config = new RawJson(row.Config),
        Context = new RawJson(row.Context),
        CreatedAt = row.CreatedAt,
        Metadata = new RawJson(row.Metadata),
        Version = row.Version,
        Name = row.Name,
        Description = row.Description,
    };

    /// <summary>The assistant as an agent of the Agent Protocol (wire-contract 8.3).</summary>
    public static Agent ToAgent(this AssistantRow row, AgentRegistry agents) => new()
    {
        AgentId = AgentIdOf(row, agents),
        Name = row.Name,
        Description = row.Description,
        Metadata = new RawJson(row.Metadata),
        Capabilities = new Dictionary<string, bool>
        {
            ["ap.io.messages"] = TakesMessages(agents.Find(row.GraphId)),
            ["ap.io.streaming"] = true,
        },
    };

    public static AgentSchema ToAgentSchema(this AssistantRow row, AgentRegistry agents)
    {
        var agent = agents.Find(row.GraphId);
        return new AgentSchema
        {
            AgentId = AgentIdOf(row, agents),
            InputSchema = ToWire(agent?.InputSchema) ?? RawJson.EmptyObject,
            OutputSchema = ToWire(agent?.OutputSchema) ?? RawJson.EmptyObject,
            StateSchema = ToWire(agent?.StateSchema),
            ConfigSchema = ToWire(agent?.ConfigSchema),
        };
    }

    public static AssistantSchemas ToSchemas(this AgentDefinition agent) => new()
    {
        GraphId = agent.Id,
        InputSchema = ToWire(agent.InputSchema),
        OutputSchema = ToWire(agent.OutputSchema),
        StateSchema = ToWire(agent.StateSchema),
        ConfigSchema = ToWire(agent.ConfigSchema),
        ContextSchema = ToWire(agent.ContextSchema),
    };

    /// <summary>The first node begins and ends; it may call each of the others, which answer to it.</summary>
    public static AssistantGraph ToGraph(this AgentDefinition agent)
    {
        var (first, others) = (agent.Nodes[0], agent.Nodes.Skip(1).ToArray());
        var isChoice = others.Length > 0;
        return new AssistantGraph(
            [
                new GraphNode(Start, "schema"),
                .. agent.Nodes.Select(name => new GraphNode(name, "runnable", new GraphNodeData(name))),
                new GraphNode(End, "schema"),
            ],
            [
                new GraphEdge(Start, first),
                .. others.Select(other => new GraphEdge(first, other, isChoice)),
                .. others.Select(other => new GraphEdge(other, first)),
                new GraphEdge(first, End, isChoice),
            ]);
    }

    private static string AgentIdOf(AssistantRow row, AgentRegistry agents) => agents.Find(row.AssistantId)?.Id ?? row.AssistantId.ToString();

    private static bool TakesMessages(AgentDefinition? agent) =>
        agent?.InputSchema is { ValueKind: JsonValueKind.Object } schema
        && schema.TryGetProperty("properties", out var members) && members.ValueKind == JsonValueKind.Object && members.TryGetProperty("messages", out _);

    private static RawJson? ToWire(JsonElement? schema) => schema is { } element ? RawJson.From(element) : null;
}
