namespace AgentProtocol.Agents;

/// <summary>
/// A subagent. It sees the input and the state so far, and answers with events; it has no database and no HTTP context.
/// One instance serves many runs at once, so it keeps nothing about a run in its fields.
/// </summary>
public interface IAgent
{
    /// <summary>Executes one attempt of a run.</summary>
    /// <param name="context">What the run was asked, and what is known so far.</param>
    /// <param name="cancellationToken">
    /// Cancelled when the run is cancelled, superseded, out of time, or when this server has lost the right to execute it.
    /// An agent that ignores it is abandoned after a grace, and nothing it says later is kept.
    /// </param>
    /// <returns>What happens, in order. The run ends in success when the sequence ends, in error when it throws.</returns>
    /// <exception cref="AgentException">The run failed, for a reason its caller is told.</exception>
    IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, CancellationToken cancellationToken);
}
