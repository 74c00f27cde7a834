namespace AgentProtocol.Agents;

/// <summary>An agent and how it is presented.</summary>
public sealed record AgentDefinition
{
    /// <summary>The id that runs are created with (<c>assistant_id</c>, <c>agent_id</c>); also its graph id.</summary>
    public required string Id { get; init; }

    /// <summary>The agent itself.</summary>
    public required IAgent Agent { get; init; }

    /// <summary>What it is, in a word: <c>echo</c>, <c>llm</c>, <c>custom</c>.</summary>
    public string Kind { get; init; } = "custom";

    /// <summary>Its name; the id when not given.</summary>
    public string? Name { get; init; }

    /// <summary>What it does, for people and for supervisors that choose among agents.</summary>
    public string? Description { get; init; }

    /// <summary>The names of its steps on the wire, the first one first; its id when not given.</summary>
    public IReadOnlyList<string> Nodes { get => field ?? [Id]; init; }

    /// <summary>The UUID that stands for <see cref="Id"/> on the wire (wire-contract 8.2).</summary>
    public Guid AssistantId => field == Guid.Empty ? field = AssistantIds.For(Id) : field;
}
