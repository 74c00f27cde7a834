namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>nodes</c>: the server processes that are alive, or whose death nobody has noticed yet.</summary>
internal sealed class NodeRow
{
    /// <summary>New for each start of a process.</summary>
    public Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Roles { get; init; }

    public int Capacity { get; init; }

    /// <summary>Grows every second while the node lives.</summary>
    public long Beat { get; init; }

    public DateTime StartedAt { get; init; }
}
