using System.Text.Json;

namespace AgentProtocol.Contracts.Threads;

/// <summary>One step of a thread's past, in <c>supersteps</c> of <c>POST /threads</c> (wire-contract 3.1).</summary>
public sealed record Superstep
{
    /// <summary>What the step wrote, 1 to 1000 updates that are merged in order.</summary>
    public IReadOnlyList<SuperstepUpdate>? Updates { get; init; }
}

/// <summary>One update of a <see cref="Superstep"/>.</summary>
public sealed record SuperstepUpdate
{
    /// <summary>An object, a list of objects that are applied in order, or null.</summary>
    public JsonElement? Values { get; init; }

    /// <summary>A command; of it only <c>update</c> can be replayed.</summary>
    public JsonElement? Command { get; init; }

    /// <summary>The node in whose name the update is made; <c>__input__</c> for an input.</summary>
    public string? AsNode { get; init; }
}
