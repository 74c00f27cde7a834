using AgentProtocol.Agents.Echo;

namespace AgentProtocol.Agents.Configuration;

/// <summary>The agents that the settings and the agents file describe: at the start, and whenever the file has changed.</summary>
/// <remarks>Not for several threads at once.</remarks>
/// <param name="options">The settings.</param>
/// <param name="workingDirectory">Where the file is looked for first.</param>
/// <param name="contentRoot">Where it is looked for next.</param>
/// <param name="environment">Reads the environment variables that hold API keys.</param>
/// <param name="time">The agents' clock; the system's when not given.</param>
/// <param name="connections">What the agents share, to be closed with the server.</param>
public sealed class AgentSource(
    AgentsOptions options, string workingDirectory, string contentRoot, Func<string, string?> environment, TimeProvider? time = null,
    AgentConnections? connections = null)
{
    private readonly AgentDefinition? echo = options.Echo ? EchoAgent.Definition(time) : null;
    private string? path;
    private object? taken;
    private object? seen;

    /// <summary>Whether agents have been loaded from here at all.</summary>
    public bool IsLoaded { get; private set; }

    /// <summary>Loads the agents: <c>echo</c> first, when it is on, then those of the file in its order.</summary>
    /// <param name="earlier">The agents so far; those whose description has not changed are handed back as they are.</param>
    /// <param name="added">The agents that the host adds to these; null when they are not known, and nothing that the file says of them is checked.</param>
    /// <exception cref="AgentConfigurationException">The file is missing or says something that cannot work.</exception>
    public IReadOnlyList<AgentDefinition> Load(IEnumerable<AgentDefinition>? earlier = null, IEnumerable<AgentDefinition>? added = null)
    {
        var content = Look();

        // Before it is known to be good: one complaint about a mistake is enough.
        (IsLoaded, taken) = (true, content);
        List<AgentDefinition> agents = echo is null ? [] : [echo];
        switch (content)
        {
            case AgentsFile file:
                path = file.Path;
                new AgentsFileReader(new ConfigurationValues(environment, time ?? TimeProvider.System, connections)).AddTo(agents, file.Parse(), earlier ?? [], added);
                break;
            case string complaint:
                throw new AgentConfigurationException(complaint);
            case null when path is not null:
                // More likely a mistake, or the middle of an editor's work, than the wish to have no agents.
                throw new AgentConfigurationException($"{path} is gone: put it back, or write {{ \"agents\": [] }} to have no agents.");
        }

        return agents;
    }

    /// <summary>
    /// Looks at the file, and says whether it is another one than was loaded last. To be asked again and again: a file that
    /// has just changed may not be written to its end, so it counts only when the look before has found it the same.
    /// </summary>
    /// <remarks>
    /// Its content is compared, because neither notifications nor times of files are to be relied on with mounted
    /// volumes, symbolic links that are turned elsewhere, and editors that put a new file in the place of the old.
    /// </remarks>
    public bool HasChanged()
    {
        var content = Look();
        var standsStill = Equals(content, seen);
        seen = content;
        return standsStill && !Equals(content, taken);
    }

    /// <summary>The file, the complaint that it cannot be had, or null when there is none and none is asked for.</summary>
    private object? Look()
    {
        try
        {
            return AgentsFile.Read(options.File, workingDirectory, contentRoot);
        }
        catch (AgentConfigurationException exception)
        {
            return exception.Message;
        }
    }
}
