namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>
/// Table <c>checkpoint_runs</c>: what checkpoints say about their run when it is not on the thread, because it was deleted
/// or because the thread is a copy.
/// </summary>
internal sealed class CheckpointRunRow
{
    public Guid ThreadId { get; init; }

    public Guid RunId { get; init; }

    public required string Owner { get; init; }

    public required string Agent { get; init; }

    public Guid AssistantId { get; init; }

    /// <summary>Exactly as the caller of the run wrote it.</summary>
    public required string Metadata { get; init; }
}
