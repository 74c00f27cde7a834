using AgentProtocol.Agents;

namespace AgentProtocol.AspNetCore.Registration;

/// <summary>What became of the agents of a server, as ids.</summary>
/// <param name="Added">Those that are new.</param>
/// <param name="Changed">Those that are other ones under the same id.</param>
/// <param name="Removed">Those that are gone.</param>
internal sealed record AgentChange(IReadOnlyList<string> Added, IReadOnlyList<string> Changed, IReadOnlyList<string> Removed)
{
    public static AgentChange Between(IReadOnlyList<AgentDefinition> before, IReadOnlyList<AgentDefinition> after)
    {
        var old = before.ToDictionary(agent => agent.Id);
        var ids = after.Select(agent => agent.Id).ToHashSet();
        return new AgentChange(
            [.. after.Where(agent => !old.ContainsKey(agent.Id)).Select(agent => agent.Id)],
            [.. after.Where(agent => old.TryGetValue(agent.Id, out var other) && !ReferenceEquals(agent, other)).Select(agent => agent.Id)],
            [.. before.Where(agent => !ids.Contains(agent.Id)).Select(agent => agent.Id)]);
    }
}
