namespace AgentProtocol.Agents.Configuration;

/// <summary>The agents that the settings and the agents file describe.</summary>
public static class AgentCatalog
{
    /// <summary>Loads them: <c>echo</c> first, when it is on, then those of the file in its order.</summary>
    /// <param name="options">The settings.</param>
    /// <param name="workingDirectory">Where the file is looked for first.</param>
    /// <param name="contentRoot">Where it is looked for next.</param>
    /// <param name="environment">Reads the environment variables that hold API keys.</param>
    /// <param name="time">The agents' clock; the system's when not given.</param>
    /// <param name="connections">What the agents share, to be closed with the server.</param>
    /// <exception cref="AgentConfigurationException">The file is missing or says something that cannot work.</exception>
    public static IReadOnlyList<AgentDefinition> Load(
        AgentsOptions options,
        string workingDirectory,
        string contentRoot,
        Func<string, string?> environment,
        TimeProvider? time = null,
        AgentConnections? connections = null) =>
        new AgentSource(options, workingDirectory, contentRoot, environment, time, connections).Load();
}
