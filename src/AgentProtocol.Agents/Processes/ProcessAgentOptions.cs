namespace AgentProtocol.Agents.Processes;

/// <summary>An agent that is a program: what is started for each run, and what the program may see and use.</summary>
public sealed record ProcessAgentOptions
{
    /// <summary>The program: a name that is looked for on the program's PATH, or a path.</summary>
    public required string Command { get; init; }

    /// <summary>
    /// Its arguments. <c>{run_id}</c> and <c>{thread_id}</c> stand for the run's ids, and in plain mode <c>{input}</c> for the
    /// text, which is then not on standard input.
    /// </summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>How the program and the server talk.</summary>
    public ProcessMode Mode { get; init; } = ProcessMode.JsonLines;

    /// <summary>
    /// Whether the program asks with lines <c>ready</c> for messages that came while it works. It is started once more when
    /// messages have come that it did not ask for. JSON lines only.
    /// </summary>
    public bool Steerable { get; init; }

    /// <summary>Whether the text is the whole conversation instead of the last human message. Plain mode only.</summary>
    public bool History { get; init; }

    /// <summary>
    /// Where it is started; made when it is missing. <c>{run_id}</c> and <c>{thread_id}</c> give each run or thread a folder of
    /// its own. The server's working directory when not given.
    /// </summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>Environment variables that are set for it.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// Names of variables of the server's environment that it sees too, beside harmless ones such as PATH, HOME and LANG. Nothing
    /// else of the server's environment reaches it.
    /// </summary>
    public IReadOnlyList<string> EnvironmentAllow { get; init; } = [];

    /// <summary>The most address space, in MiB, for the program and for each that it starts. Linux only.</summary>
    public int? MemoryMb { get; init; }

    /// <summary>The most CPU time, in seconds, for the program and for each that it starts. Linux and macOS.</summary>
    public int? CpuSeconds { get; init; }

    /// <summary>How long it may take to end when it was asked to, before it is killed. Less than <c>Runs:CancelGrace</c>, or the run ends first.</summary>
    public TimeSpan KillGrace { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The names of its steps, the first being the one of lines that name none; the agent's id when not given.</summary>
    public IReadOnlyList<string> Nodes { get; init; } = [];
}

/// <summary>How a program and the server talk.</summary>
public enum ProcessMode
{
    /// <summary>One JSON object per line: the run on standard input, events on standard output.</summary>
    JsonLines,

    /// <summary>The program knows nothing of the server: it reads a text, and what it writes is the answer.</summary>
    Plain,
}
