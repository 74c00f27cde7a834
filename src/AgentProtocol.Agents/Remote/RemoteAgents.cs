using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Remote;

/// <summary>Makes agents of agents of other servers.</summary>
public static class RemoteAgents
{
    /// <summary>Heartbeats come every few seconds; a stream without them is only taken up anew, so that this may be short.</summary>
    private static readonly TimeSpan UsualSilence = TimeSpan.FromMinutes(2);

    /// <summary>An agent whose runs are executed by an agent of another server.</summary>
    /// <param name="id">The id that runs are created with here.</param>
    /// <param name="options">The agent there.</param>
    /// <param name="time">The clock; the system's when not given.</param>
    /// <exception cref="AgentConfigurationException">The URL is none of HTTP, or the time of silence is no time.</exception>
    public static AgentDefinition Create(string id, RemoteAgentOptions options, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(options);
        AgentServer.ThrowIfMistaken(id, options.Url, options.Silence);
        return Define(options, time ?? TimeProvider.System, new Secrets([.. options.Headers.Values, options.ApiKey])) with { Id = id };
    }

    internal static AgentDefinition Define(RemoteAgentOptions options, TimeProvider time, Secrets secrets)
    {
        var headers = new Dictionary<string, string>(options.Headers, StringComparer.OrdinalIgnoreCase);
        if (options.ApiKey is { } key)
        {
            headers["x-api-key"] = key;
        }

        return new AgentDefinition
        {
            Id = "",
            Kind = "remote",
            Nodes = [RemoteRelay.UsualNode],
            IsSteerable = true,
            Agent = new RemoteAgent(new RemoteServer(
                new AgentServer(options.Url, headers, options.Silence ?? UsualSilence, time), options.Url, options.Assistant, secrets), time),
        };
    }
}
