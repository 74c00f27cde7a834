using AgentProtocol.Contracts.Runs;

namespace AgentProtocol.Engine.Queue;

/// <summary>A run about to be stored. Its id is minted before the first try, so that a commit whose outcome is unknown can be looked up.</summary>
internal sealed record NewRunRow
{
    public required Guid RunId { get; init; }

    /// <summary>
    /// Whether others may store a run under the same id, as repetitions of a request do. Such a run is never born claimed:
    /// two who look up a commit of unknown outcome would both take the claim for theirs.
    /// </summary>
    public bool IsShared { get; init; }

    public required Guid ThreadId { get; init; }

    public required string Owner { get; init; }

    public required string Agent { get; init; }

    public required Guid AssistantId { get; init; }

    /// <summary>
    /// Whether the assistant was taken for one that its owner has never edited. The database knows better, and refuses
    /// the run if that is wrong.
    /// </summary>
    public bool AssumesUnedited { get; init; }

    /// <summary>The settings of the assistant, for the run to keep; null when it has none.</summary>
    public string? Assistant { get; init; }

    /// <summary>The assistant's metadata, which lies under that of the thread and the run; null when it is empty.</summary>
    public string? AssistantMetadata { get; init; }

    /// <summary>The body of the creating request.</summary>
    public required string Request { get; init; }

    /// <summary>The metadata of the request.</summary>
    public required string Metadata { get; init; }

    /// <summary>The searchable copy of the metadata; null when it is empty.</summary>
    public string? Filter { get; init; }

    /// <summary>The run's configuration, which becomes the thread's; null when there is none.</summary>
    public string? Config { get; init; }

    public required MultitaskStrategy Strategy { get; init; }

    /// <summary>Whether all that it brings is messages, so that with the strategy <c>steer</c> the run in flight may take them.</summary>
    public bool BringsOnlyMessages { get; init; }

    public bool Stateless { get; init; }

    /// <summary>Whether its end is to be the end of its thread.</summary>
    public bool DeletesThread { get; init; }

    /// <summary>How long it may not start.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>How long it may take from its first start; null for as long as the server's settings say.</summary>
    public TimeSpan? TimeLimit { get; init; }

    /// <summary>How long it may wait for its first start behind its delay; null for as long as it takes.</summary>
    public TimeSpan? QueueWait { get; init; }

    /// <summary>Whether it has to be claimed, because its agent may execute only so many runs at once.</summary>
    public bool MustBeClaimed { get; init; }

    /// <summary>The execution that starts it; null when a caller does.</summary>
    public ParentExecution? Parent { get; init; }

    /// <summary>The node that serves the stream or wait whose loss cancels the run; null for all others.</summary>
    public Guid? StreamNode { get; init; }
}

/// <summary>An execution that starts a run. It may do so only while it has its run.</summary>
/// <param name="RunId">Its run.</param>
/// <param name="Fence">Its fence.</param>
internal readonly record struct ParentExecution(Guid RunId, int Fence);
