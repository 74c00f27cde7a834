namespace AgentProtocol.Agents;

/// <summary>The agents of this server, by graph id and by assistant id.</summary>
public sealed class AgentRegistry
{
    private readonly Dictionary<string, AgentDefinition> byId = new(StringComparer.Ordinal);
    private readonly Dictionary<Guid, AgentDefinition> byAssistantId = [];

    /// <summary>Registers the agents of a server.</summary>
    /// <param name="agents">The agents, in the order in which they are listed to callers.</param>
    /// <param name="defaultId">The agent of runs that name none; otherwise <c>echo</c>, otherwise the only agent.</param>
    /// <exception cref="AgentConfigurationException">Two agents share an id, or the default is not registered.</exception>
    public AgentRegistry(IEnumerable<AgentDefinition> agents, string? defaultId = null)
    {
        All = [.. agents];
        foreach (var agent in All)
        {
            if (!byId.TryAdd(agent.Id, agent))
            {
                throw new AgentConfigurationException($"Two agents are called \"{agent.Id}\": give one of them another id.");
            }

            byAssistantId.Add(agent.AssistantId, agent);
        }

        Default = defaultId is null ? Find("echo") ?? (All.Count == 1 ? All[0] : null) : Find(defaultId)
            ?? throw new AgentConfigurationException($"Agents:Default names \"{defaultId}\", but no agent has that id.");
    }

    /// <summary>All agents, in the order of registration.</summary>
    public IReadOnlyList<AgentDefinition> All { get; }

    /// <summary>The agent of runs that name none; null when there are several and none was chosen.</summary>
    public AgentDefinition? Default { get; }

    /// <summary>The agent with this graph id or assistant id, or null.</summary>
    public AgentDefinition? Find(string id) =>
        byId.GetValueOrDefault(id) ?? (Guid.TryParse(id, out var assistantId) ? Find(assistantId) : null);

    /// <summary>The agent with this assistant id, or null.</summary>
    public AgentDefinition? Find(Guid assistantId) => byAssistantId.GetValueOrDefault(assistantId);
}
