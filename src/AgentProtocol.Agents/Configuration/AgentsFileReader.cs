using System.Text.Json;
using AgentProtocol.Agents.Http;
using AgentProtocol.Agents.Llm;
using AgentProtocol.Agents.Llm.Tools;
using AgentProtocol.Agents.Processes;
using AgentProtocol.Agents.Remote;

namespace AgentProtocol.Agents.Configuration;

/// <summary>Makes agents of what the agents file describes.</summary>
/// <param name="values">What the descriptions refer to.</param>
internal sealed class AgentsFileReader(ConfigurationValues values)
{
    private static readonly Dictionary<string, Func<ConfigurationNode, ConfigurationValues, AgentDefinition>> Kinds = new()
    {
        ["llm"] = LlmConfiguration.Read,
        ["process"] = ProcessConfiguration.Read,
        ["http"] = HttpConfiguration.Read,
        ["remote"] = RemoteConfiguration.Read,
    };

    /// <summary>The members that agents of all kinds may have; a kind accepts them beside its own, and reads only these.</summary>
    public static string[] CommonMembers => CommonConfiguration.Members;

    /// <summary>Adds the agents of the file behind those that are there already.</summary>
    /// <param name="agents">Those that are there.</param>
    /// <param name="file">The file.</param>
    /// <param name="earlier">
    /// The agents that it described before. One whose description is the same stays the same object, with its connections.
    /// </param>
    /// <param name="added">The agents of the host, which those of the file may have as tools; null when they are not known.</param>
    public void AddTo(
        List<AgentDefinition> agents, ConfigurationNode file, IEnumerable<AgentDefinition> earlier, IEnumerable<AgentDefinition>? added = null)
    {
        var known = earlier.Where(agent => agent.Described is not null).ToDictionary(agent => agent.Id);
        file.WithMembers("$schema", "agents").Optional("$schema")?.Text();
        foreach (var described in file.Required("agents").Items())
        {
            var agent = Unchanged(described, known) ?? Agent(described);
            if (agents.Exists(other => other.Id == agent.Id))
            {
                var mend = agent.Id == "echo" ? "choose another one, or switch the built-in agent off with Agents:Echo=false" : "choose another one";
                throw described.Required("id").Error($"\"{agent.Id}\" is the id of another agent: {mend}");
            }

            agents.Add(agent);
        }

        if (added is not null)
        {
            // Behind them all, for an agent may name one that follows.
            CheckReferences(file.Required("agents"), [.. agents, .. added]);
        }
    }

    /// <summary>Also of agents that have not changed: what they name may be gone.</summary>
    private static void CheckReferences(ConfigurationNode described, IReadOnlyList<AgentDefinition> all)
    {
        foreach (var named in described.Items().SelectMany(ToolConfiguration.AgentsOf))
        {
            if (!all.Any(agent => agent.Id == named.Text() || agent.AssistantId.ToString() == named.Text()))
            {
                throw named.Error($"there is no agent \"{named.Text()}\": use one of {string.Join(", ", all.Select(agent => agent.Id))}, or add it");
            }
        }
    }

    private static AgentDefinition? Unchanged(ConfigurationNode described, Dictionary<string, AgentDefinition> known) =>
        known.GetValueOrDefault(described.AsObject().Required("id").Text()) is { } agent && JsonElement.DeepEquals(agent.Described!.Value, described.Element)
            ? agent
            : null;

    private AgentDefinition Agent(ConfigurationNode described)
    {
        var kind = described.Required("kind");
        return Kinds.TryGetValue(kind.Text(), out var read)
            ? CommonConfiguration.Complete(read(described, values.ForOneAgent()), described)
            : throw kind.Error($"\"{kind.Text()}\" is not a kind of agent: use {string.Join(" or ", Kinds.Keys.Select(name => $"\"{name}\""))}");
    }
}
