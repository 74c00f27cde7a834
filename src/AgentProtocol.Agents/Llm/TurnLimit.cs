using System.Text.Json;

namespace AgentProtocol.Agents.Llm;

/// <summary>How often a model may answer.</summary>
internal static class TurnLimit
{
    /// <summary>
    /// The agent's own limit, which a caller may lower: <c>recursion_limit</c> counts steps, and between two answers there is one of tools.
    /// </summary>
    public static int For(int maxTurns, JsonElement config) =>
        config.ValueKind == JsonValueKind.Object
        && config.TryGetProperty("recursion_limit", out var steps)
        && steps.ValueKind == JsonValueKind.Number
        && steps.TryGetInt32(out var limit)
        && limit > 0
            ? Math.Min(maxTurns, (limit / 2) + (limit % 2))
            : maxTurns;
}
