using System.Text.Json;

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

    /// <summary>
    /// The names that its state updates carry, the first being the one it begins and ends with; the id when not given.
    /// Clients draw them as a graph, in which the first node may call each of the others.
    /// </summary>
    public IReadOnlyList<string> Nodes { get => field.Count > 0 ? field : field = [Id]; init; } = [];

    /// <summary>JSON Schema of the input; an object with messages when not given, null when unknown.</summary>
    public JsonElement? InputSchema { get; init; } = MessageSchema.Element;

    /// <summary>JSON Schema of the values that a run leads to; an object with messages when not given, null when unknown.</summary>
    public JsonElement? OutputSchema { get; init; } = MessageSchema.Element;

    /// <summary>JSON Schema of the thread's state; an object with messages when not given, null when unknown.</summary>
    public JsonElement? StateSchema { get; init; } = MessageSchema.Element;

    /// <summary>JSON Schema of <c>config.configurable</c>; null when the agent asks for nothing there.</summary>
    public JsonElement? ConfigSchema { get; init; }

    /// <summary>JSON Schema of the run's context; that of the configuration when not given.</summary>
    public JsonElement? ContextSchema { get => field ?? ConfigSchema; init; }

    /// <summary>Anything else that callers should know of it, an object; shown as the metadata of its assistant.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>
    /// Whether it takes new messages from <see cref="AgentContext.Inbox"/> while it executes. Such an agent decides by the
    /// state, and not by <see cref="AgentContext.CompletedSteps"/>, what is left to do: when messages have come that it has
    /// not taken, it is asked again.
    /// </summary>
    public bool IsSteerable { get; init; }

    /// <summary>What becomes of its run when a newer one arrives with the strategy <c>interrupt</c>.</summary>
    public SteerPolicy OnSteer { get; init; }

    /// <summary>How long its runs may take; what is null follows the server's settings.</summary>
    public AgentLimits Limits { get; init; } = AgentLimits.None;

    /// <summary>How many of its runs may execute at once on all nodes together; null for any number.</summary>
    public int? MaxConcurrentRuns { get; init; }

    /// <summary>How its failed attempts are repeated; null for the server's settings.</summary>
    public AgentRetry? Retry { get; init; }

    /// <summary>What the agents file says of it; null for one that the host has made.</summary>
    internal JsonElement? Described { get; init; }

    /// <summary>The UUID that stands for <see cref="Id"/> on the wire (wire-contract 8.2).</summary>
    public Guid AssistantId => field == Guid.Empty ? field = AssistantIds.For(Id) : field;
}
