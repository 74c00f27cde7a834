using AgentProtocol.Engine.State;

namespace AgentProtocol.Engine.Events;

/// <summary>Data of the protocol's event that ends a run.</summary>
internal static class LifecycleText
{
    /// <summary>The end of a run that was cancelled or superseded.</summary>
    /// <param name="as">What clients of this server understand.</param>
    /// <param name="agent">The agent; null when it is not known any more.</param>
    public static string Cancelled(CancelLifecycle @as, string? agent) =>
        @as == CancelLifecycle.Failed ? Terminal("error", "cancelled", agent) : Terminal("interrupted", null, agent);

    /// <summary>The end of a run that ended with a status (wire-contract 6.11, 12 row 10).</summary>
    /// <param name="status">The text stored in <c>runs.status</c>.</param>
    /// <param name="error">Why it failed, if it failed.</param>
    /// <param name="agent">The agent; null when it is not known any more.</param>
    public static string Terminal(string status, string? error, string? agent)
    {
        var name = status switch { "success" => "completed", "error" or "timeout" => "failed", _ => "interrupted" };
        var graph = agent is null ? "" : $",\"graph_name\":{JsonText.Quote(agent)}";
        return error is null ? $"{{\"event\":\"{name}\"{graph}}}" : $"{{\"event\":\"{name}\"{graph},\"error\":{JsonText.Quote(error)}}}";
    }
}
