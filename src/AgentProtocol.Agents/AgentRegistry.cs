using System.Text.Json;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents;

/// <summary>The agents of this server, by graph id and by assistant id.</summary>
/// <remarks>The agents may be replaced while the server runs; a run keeps the one that it was started with.</remarks>
public sealed class AgentRegistry
{
    private readonly string? defaultId;
    private volatile Agents current;

    /// <summary>Registers the agents of a server.</summary>
    /// <param name="agents">The agents, in the order in which they are listed to callers.</param>
    /// <param name="defaultId">The agent of runs that name none; otherwise <c>echo</c>, otherwise the only agent.</param>
    /// <exception cref="AgentConfigurationException">Two agents share an id, the default is not registered, or an agent could never do anything.</exception>
    public AgentRegistry(IEnumerable<AgentDefinition> agents, string? defaultId = null)
    {
        this.defaultId = defaultId;
        current = new Agents(agents, defaultId);
    }

    /// <summary>All agents, in the order of registration.</summary>
    public IReadOnlyList<AgentDefinition> All => current.All;

    /// <summary>The agent of runs that name none; null when there are several and none was chosen.</summary>
    public AgentDefinition? Default => current.Default;

    /// <summary>The agent with this graph id or assistant id, or null.</summary>
    public AgentDefinition? Find(string id) => current.Find(id);

    /// <summary>The agent with this assistant id, or null.</summary>
    public AgentDefinition? Find(Guid assistantId) => current.Find(assistantId);

    /// <summary>Puts other agents in the place of those that were there, all at once.</summary>
    /// <exception cref="AgentConfigurationException">Two agents share an id, or the default is not registered; nothing is replaced.</exception>
    public void Replace(IEnumerable<AgentDefinition> agents) => current = new Agents(agents, defaultId);

    private sealed class Agents
    {
        private readonly Dictionary<string, AgentDefinition> byId = new(StringComparer.Ordinal);
        private readonly Dictionary<Guid, AgentDefinition> byAssistantId = [];

        public Agents(IEnumerable<AgentDefinition> agents, string? defaultId)
        {
            All = [.. agents];
            foreach (var agent in All)
            {
                if (!byId.TryAdd(agent.Id, agent))
                {
                    throw new AgentConfigurationException($"Two agents are called \"{agent.Id}\": give one of them another id.");
                }

                if (agent.Metadata is { } metadata && !(metadata.ValueKind == JsonValueKind.Object && SearchableJson.Includes(metadata)))
                {
                    throw new AgentConfigurationException($"The metadata of \"{agent.Id}\" cannot be searched: make it an object without NUL characters, halves of surrogate pairs and astronomical numbers.");
                }

                if (Mistake(agent) is { } mistake)
                {
                    throw new AgentConfigurationException($"The agent \"{agent.Id}\" {mistake}.");
                }

                byAssistantId.Add(agent.AssistantId, agent);
            }

            Default = defaultId is null ? Find("echo") ?? (All.Count == 1 ? All[0] : null) : Find(defaultId)
                ?? throw new AgentConfigurationException($"Agents:Default names \"{defaultId}\", but no agent has that id.");
        }

        public IReadOnlyList<AgentDefinition> All { get; }

        public AgentDefinition? Default { get; }

        public AgentDefinition? Find(string id) =>
            byId.GetValueOrDefault(id) ?? (Guid.TryParse(id, out var assistantId) ? Find(assistantId) : null);

        public AgentDefinition? Find(Guid assistantId) => byAssistantId.GetValueOrDefault(assistantId);

        /// <summary>What a host may have said in C#; the agents file is checked where it can name the line.</summary>
        private static string? Mistake(AgentDefinition agent) => agent switch
        {
            { MaxConcurrentRuns: < 1 } => "may execute no run: set its MaxConcurrentRuns to 1 or more, or to null",
            { Limits: var limits } when limits.Total <= TimeSpan.Zero || limits.Idle <= TimeSpan.Zero || limits.QueueWait <= TimeSpan.Zero =>
                "has no time: set its Limits to more than 0, or to null",
            { Retry: { } retry } when retry.MaxAttempts < 1 || retry.Delay < TimeSpan.Zero => "may not be tried: set its Retry to 1 attempt or more, and a delay of 0 or more",
            _ => null,
        };
    }
}
