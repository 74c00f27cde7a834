using System.Text.Json;

namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>threads</c>: what does not change while runs go on.</summary>
internal sealed class ThreadRow
{
    public Guid ThreadId { get; init; }

    /// <summary>Order of creation: ids are random within a millisecond, and clocks go back.</summary>
    public long Seq { get; init; }

    public required string Owner { get; init; }

    /// <summary>Exactly as the caller wrote it.</summary>
    public required string Metadata { get; init; }

    /// <summary>A copy of <see cref="Metadata"/> to search in; null when it is empty.</summary>
    public JsonElement? Filter { get; init; }

    public string? Ttl { get; init; }

    /// <summary>When to look whether it has outlived <see cref="Ttl"/>; null for at once.</summary>
    public DateTime? LookAt { get; init; }

    /// <summary>Whether it was made for one stateless run.</summary>
    public bool Temporary { get; init; }

    public DateTime CreatedAt { get; init; }
}
