using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>assistant_versions</c>: never changed, and gone with their assistant.</summary>
internal sealed class AssistantVersionRow
{
    public required string Owner { get; init; }

    public Guid AssistantId { get; init; }

    public int Version { get; init; }

    public required string GraphId { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    public required string Config { get; init; }

    public required string Context { get; init; }

    public required string Metadata { get; init; }

    /// <summary>A copy of <see cref="Metadata"/> to search in; null when it is empty.</summary>
    public JsonElement? Filter { get; init; }

    public DateTime CreatedAt { get; init; }
}
