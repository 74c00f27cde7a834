using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Storage;

/// <summary>A run as it is shown: its row, and where it is while it has not ended.</summary>
/// <param name="Row">The run's row.</param>
/// <param name="WorkState">The state of its work row; null once it has ended.</param>
internal sealed record RunView(RunRow Row, RunState? WorkState)
{
    /// <summary>What callers told it while it was in flight, in their order.</summary>
    public IReadOnlyList<RunUpdateRow> Updates { get; init; } = [];

    /// <summary>How far it is; its row knows that only once it has ended.</summary>
    public string? Progress { get; init; } = Row.Progress;

    /// <summary>What it has consumed so far; likewise.</summary>
    public string? Usage { get; init; } = Row.Usage;
}
