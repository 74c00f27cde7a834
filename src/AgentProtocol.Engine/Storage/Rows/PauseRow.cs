namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>pauses</c>: a checkpoint at which a run stopped to wait for somebody.</summary>
internal sealed class PauseRow
{
    public Guid ThreadId { get; init; }

    public Guid CheckpointId { get; init; }

    public required string Owner { get; init; }

    /// <summary>The step that comes next.</summary>
    public required string Node { get; init; }

    /// <summary>A JSON array of <c>{id, value}</c>; empty when the run was stopped by <c>interrupt_before</c> or <c>interrupt_after</c>.</summary>
    public required string Interrupts { get; init; }
}
