using System.Text.Json;

namespace AgentProtocol.Contracts.Runs;

/// <summary>Body of <c>POST /runs/search</c> (wire-contract 4.3; schema <c>RunSearchRequest</c>).</summary>
public sealed record RunSearchRequest
{
    /// <summary>Runs whose metadata contains this object.</summary>
    public JsonElement? Metadata { get; init; }

    /// <summary>Only runs of this status; <c>pending</c> also matches running ones.</summary>
    public RunStatus? Status { get; init; }

    /// <summary>Only runs of this thread.</summary>
    public Guid? ThreadId { get; init; }

    /// <summary>Only runs of this agent.</summary>
    public string? AgentId { get; init; }

    /// <summary>The SDK's name of <see cref="AgentId"/>.</summary>
    public string? AssistantId { get; init; }

    /// <summary>At most this many, 1 to 1000; 10 by default.</summary>
    public int? Limit { get; init; }

    /// <summary>Skip this many; 0 by default.</summary>
    public int? Offset { get; init; }
}
