using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>
/// Table <c>assistants</c>: those that owners have created, and those of the server that an owner has edited. An
/// assistant of the server that nobody has edited has no row.
/// </summary>
internal sealed class AssistantRow
{
    public required string Owner { get; init; }

    /// <summary>Unique for its owner only: every owner may edit the same assistant of the server.</summary>
    public Guid AssistantId { get; init; }

    /// <summary>Order of creation.</summary>
    public long Seq { get; init; }

    public required string GraphId { get; init; }

    /// <summary>The version that is in force; the columns below are a copy of it.</summary>
    public int Version { get; init; }

    /// <summary>The highest version there is.</summary>
    public int LastVersion { get; init; }

    public required string Name { get; init; }

    public string? Description { get; init; }

    /// <summary>Exactly as the caller wrote it.</summary>
    public required string Config { get; init; }

    /// <summary>Exactly as the caller wrote it.</summary>
    public required string Context { get; init; }

    public required string Metadata { get; init; }

    /// <summary>A copy of <see cref="Metadata"/> to search in; null when it is empty.</summary>
    public JsonElement? Filter { get; init; }

    public DateTime CreatedAt { get; init; }

    public DateTime UpdatedAt { get; init; }
}
