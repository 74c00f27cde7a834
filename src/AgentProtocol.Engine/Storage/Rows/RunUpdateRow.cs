namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>run_updates</c>: what callers told a run while it was in flight.</summary>
internal sealed class RunUpdateRow
{
    public Guid RunId { get; init; }

    /// <summary>Its place among the updates of the run, from 1.</summary>
    public int N { get; init; }

    public Guid Id { get; init; }

    public Guid ThreadId { get; init; }

    /// <summary>The number of the run on its thread.</summary>
    public long RunNo { get; init; }

    public required string Owner { get; init; }

    /// <summary>The body of the request, read like that of a run that is created.</summary>
    public required string Request { get; init; }

    public DateTime CreatedAt { get; init; }

    /// <summary>When it became part of the thread's state; null until then.</summary>
    public DateTime? DeliveredAt { get; init; }
}
