using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Http;

/// <summary>Makes agents of services that take runs by HTTP.</summary>
public static class HttpAgents
{
    /// <summary>An agent that posts each run to a service and reads its events from the answer.</summary>
    /// <param name="id">The id that runs are created with.</param>
    /// <param name="options">Where the service is.</param>
    /// <param name="time">The clock; the system's when not given.</param>
    /// <exception cref="AgentConfigurationException">The URL is none of HTTP, or the time of silence is no time.</exception>
    public static AgentDefinition Create(string id, HttpAgentOptions options, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(options);
        AgentServer.ThrowIfMistaken(id, options.Url, options.Silence);
        return Define(options, time ?? TimeProvider.System, new Secrets(options.Headers.Values)) with { Id = id };
    }

    internal static AgentDefinition Define(HttpAgentOptions options, TimeProvider time, Secrets secrets) => new()
    {
        Id = "",
        Kind = "http",
        Nodes = [HttpAgent.Node],
        Agent = new HttpAgent(new AgentServer(options.Url, options.Headers, options.Silence, time), options.Url, options.CancelUrl, time, secrets),
    };
}
