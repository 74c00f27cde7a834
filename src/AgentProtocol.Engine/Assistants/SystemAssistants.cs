using System.Text.Json;
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
    private volatile Known known = new(agents.All);

    /// <summary>The agents of this server.</summary>
    public AgentRegistry Agents { get; } = agents;

    /// <summary>All of them, in the order of registration.</summary>
    public IReadOnlyList<AssistantRow> All => Current.Rows;

    private Known Current
    {
        get
        {
            var (current, all) = (known, Agents.All);

            // Whoever comes first after a reload makes the rows; two who come together make the same.
            return ReferenceEquals(current.Agents, all) ? current : known = new Known(all);
        }
    }

    /// <summary>The one with this id, or null.</summary>
    public AssistantRow? Find(Guid assistantId) => Current.ById.GetValueOrDefault(assistantId);

    /// <summary>The UUID that an id of the wire stands for, a UUID itself or a graph id; null when it is neither.</summary>
    public Guid? IdOf(string id) =>
        Agents.Find(id)?.AssistantId ?? (Guid.TryParseExact(id, "D", out var assistantId) ? assistantId : null);

    /// <summary>What a run of an agent takes from the metadata of its assistant, as nobody has edited it; null when there is nothing.</summary>
    public static string? RunMetadataOf(AgentDefinition agent) =>
        agent.Metadata is { } metadata ? RunMetadata(metadata) : null;

    /// <summary>What a run takes from the metadata of an assistant of the server: what the server says there describes the assistant, and not what its runs are for.</summary>
    public static string? RunMetadata(JsonElement metadata)
    {
        var own = JsonText.WriteObject(metadata.EnumerateObject().Where(member => !IsOurs(member.Name)));
        return own == "{}" ? null : own;
    }

    private static bool IsOurs(string member) => member is "created_by" or "kind";

    private static string MetadataOf(AgentDefinition agent)
    {
        var ours = $$"""{"created_by":"system","kind":{{JsonText.Quote(agent.Kind)}}}""";
        return agent.Metadata is not { } metadata ? ours
            : JsonText.WriteObject(JsonText.Parse(ours).EnumerateObject().Concat(metadata.EnumerateObject().Where(member => !IsOurs(member.Name))));
    }

    private static AssistantRow ToRow(AgentDefinition agent, int place)
    {
        var metadata = MetadataOf(agent);
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

    private sealed class Known
    {
        public Known(IReadOnlyList<AgentDefinition> agents)
        {
            Agents = agents;
            Rows = [.. agents.Select(ToRow)];
            ById = Rows.ToDictionary(row => row.AssistantId);
        }

        public IReadOnlyList<AgentDefinition> Agents { get; }

        public IReadOnlyList<AssistantRow> Rows { get; }

        public Dictionary<Guid, AssistantRow> ById { get; }
    }
}
