namespace AgentProtocol.Engine.Storage.Rows;

/// <summary>Table <c>run_events</c>: a page of consecutive frames.</summary>
internal sealed class RunEventRow
{
    public Guid RunId { get; init; }

    /// <summary>The position of the first frame.</summary>
    public long FirstEvent { get; init; }

    public int Count { get; init; }

    /// <summary>The number that the first event of the run's stream modes behind this page has.</summary>
    public long NextNumber { get; init; }

    public required string Owner { get; init; }

    /// <summary>One frame per line.</summary>
    public required string Frames { get; init; }
}
