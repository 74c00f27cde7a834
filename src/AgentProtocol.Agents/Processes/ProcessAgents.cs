namespace AgentProtocol.Agents.Processes;

/// <summary>Makes agents of programs.</summary>
public static class ProcessAgents
{
    private static readonly TimeSpan LongestGrace = TimeSpan.FromMinutes(1);

    /// <summary>An agent that starts a program for each run.</summary>
    /// <param name="id">The id that runs are created with.</param>
    /// <param name="options">The program.</param>
    /// <param name="time">The clock of its grace; the system's when not given.</param>
    /// <exception cref="AgentConfigurationException">The options contradict each other or the system.</exception>
    public static AgentDefinition Create(string id, ProcessAgentOptions options, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(id);
        ArgumentNullException.ThrowIfNull(options);
        if (Mistake(options) is { } mistake)
        {
            throw new AgentConfigurationException($"The process agent \"{id}\": {mistake}.");
        }

        return Define(options, time ?? TimeProvider.System, new Secrets(options.Environment.Values)) with { Id = id };
    }

    /// <summary>What cannot be, with how to mend it; null when all is well.</summary>
    internal static string? Mistake(ProcessAgentOptions options) => options switch
    {
        { Command: var command } when string.IsNullOrWhiteSpace(command) => "it has no command: name the program",
        { Mode: ProcessMode.Plain, Steerable: true } => "a program in plain mode cannot be steered: remove that, or use JSON lines",
        { Mode: ProcessMode.JsonLines, History: true } => "a program with JSON lines gets all messages anyway: remove the history, or use plain mode",
        { KillGrace: var grace } when grace < TimeSpan.Zero || grace > LongestGrace => "the grace before the program is killed must be between 0 and 60 seconds",
        { MemoryMb: not null } when !OperatingSystem.IsLinux() => "memory can only be limited on Linux: remove the limit",
        { CpuSeconds: not null } when OperatingSystem.IsWindows() => "CPU time cannot be limited on Windows: remove the limit",
        { MemoryMb: < 1 } or { CpuSeconds: < 1 } => "a limit of memory or CPU time must be at least 1",
        _ => null,
    };

    internal static AgentDefinition Define(ProcessAgentOptions options, TimeProvider time, Secrets secrets)
    {
        secrets.Add([.. options.EnvironmentAllow.Select(Environment.GetEnvironmentVariable)]);
        return new AgentDefinition
        {
            Id = "",
            Kind = "process",
            Nodes = options.Nodes,
            IsSteerable = options.Steerable,
            Agent = options.Mode == ProcessMode.Plain ? new PlainAgent(options, time, secrets) : new JsonLinesAgent(options, time, secrets),
        };
    }
}
