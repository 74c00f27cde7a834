using AgentProtocol.Agents;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Assistants;

/// <summary>
/// The assistants that the server brings along, one per registered agent (wire-contract 8.2). They are not rows: nodes
/// may have different agents while they are replaced, and what an agents file says today must not outlive it. When an
/// owner edits one, that owner gets a row under the same id, which stands in for it from then on.
/// </summary>
internal sealed class SystemAssistants(AgentRegistry agents)
{
    /// <summary>The agents of this server.</summary>
    public AgentRegistry Agents { get; } = agents;

    /// <summary>All of them, in the order of registration.</summary>
    public IReadOnlyList<AssistantRow> All { get; } = [.. agents.All.Select(ToRow)];

    /// <summary>The one with this id, or null.</summary>
    public AssistantRow? Find(Guid assistantId) => All.FirstOrDefault(row => row.AssistantId == assistantId);

    /// <summary>The UUID that an id of the wire stands for, a UUID itself or a graph id; null when it is neither.</summary>
    public Guid? IdOf(string id) =>
        Agents.Find(id)?.AssistantId ?? (Guid.TryParseExact(id, "D", out var assistantId) ? assistantId : null);

    /// <summary>Metadata that the server itself has written: it describes the assistant, and not what its runs are for.</summary>
    public static bool IsOurs(string member) => member is "created_by" or "kind";

    private static AssistantRow ToRow(AgentDefinition agent, int place)
    {
        var metadata = $$"""{"created_by":"system","kind":{{JsonText.Quote(agent.Kind)}}}""";
        return new AssistantRow
        {
            Owner = "",
            AssistantId = agent.AssistantId,
            // Newest first is the usual order, and shows them as they are registered.
            Seq = -place,
            GraphId = agent.Id,
            Version = 1,
            LastVersion = 1,
            Name = agent.Name ?? agent.Id,
            Description = agent.Description,
            Config = "{}",
            Context = "{}",
            Metadata = metadata,
            Filter = JsonText.Parse(metadata),
            // The same on every node and after every start, or no order by time would be stable.
            CreatedAt = DateTime.UnixEpoch,
            UpdatedAt = DateTime.UnixEpoch,
        };
    }
}
