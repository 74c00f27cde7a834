using AgentProtocol.Agents;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Queue;

/// <summary>What an agent says about limits and repetitions of its runs, over what the server says.</summary>
internal sealed class RunLimits(AgentRegistry agents, IOptions<RunsOptions> options)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);

    /// <summary>The agents of which only so many runs may execute at once.</summary>
    public IReadOnlyList<AgentDefinition> Limited => [.. agents.All.Where(agent => agent.MaxConcurrentRuns is not null)];

    /// <summary>How long runs of an agent may take at the most. Only <see cref="AgentLimits.Total"/> is never null.</summary>
    public AgentLimits Of(string agent)
    {
        var (own, server) = (agents.Find(agent)?.Limits ?? AgentLimits.None, options.Value);
        return new AgentLimits(
            OrNone(own.Total) ?? server.Timeout, OrNone(own.Idle ?? server.IdleTimeout), OrNone(own.QueueWait ?? server.QueueTimeout));
    }

    /// <summary>What the agent itself says about the total; null when that is left to the server.</summary>
    public TimeSpan? OwnTotal(string agent) => OrNone(agents.Find(agent)?.Limits.Total);

    /// <summary>How many runs of an agent may execute at once on all nodes together; null for any number.</summary>
    public int? MostAtOnce(string agent) => agents.Find(agent)?.MaxConcurrentRuns;

    /// <summary>How often a run of this agent is tried when it fails for a passing reason. Lost nodes are counted apart, by the server's setting.</summary>
    public int MaxAttempts(string? agent) => RetryOf(agent)?.MaxAttempts ?? options.Value.MaxAttempts;

    /// <summary>The pause before the next attempt of a run that has failed this often before.</summary>
    public TimeSpan RetryDelayAfter(string? agent, int failures)
    {
        var delay = (RetryOf(agent)?.Delay ?? options.Value.RetryDelay) * Math.Pow(2, Math.Min(failures, 20));
        return delay < LongestDelay ? delay : LongestDelay;
    }

    private AgentRetry? RetryOf(string? agent) => agent is null ? null : agents.Find(agent)?.Retry;

    private static TimeSpan? OrNone(TimeSpan? limit) => limit > TimeSpan.Zero ? limit : null;
}
