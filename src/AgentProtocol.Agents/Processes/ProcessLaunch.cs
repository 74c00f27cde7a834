using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace AgentProtocol.Agents.Processes;

/// <summary>
/// How a program is started: in a session, and so in a process group, of its own, with a guard beside it that ends the group
/// when it is told to or when this server is no more.
/// </summary>
/// <remarks>
/// .NET can start no process group, and PR_SET_PDEATHSIG, which would end a child with its parent, means the thread that
/// started it, which a thread pool may retire at any time; nor does it reach what the program has started. So the guard, a
/// few lines of shell, reads from a pipe whose other end only this server has: a line means SIGTERM to the group, the end of
/// the pipe SIGKILL. As long as the guard lives its group's id cannot be given to others.
/// </remarks>
internal static partial class ProcessLaunch
{
    // The guard is the child of a child, so that a program that waits for all its children does not wait for the guard.
    private const string Script =
        """
        ( ( trap '' HUP INT TERM
            exec </dev/fd/"$1" >/dev/null 2>&1 || exit
            while read -r _; do kill -s TERM -- "-$$"; done
            kill -s KILL -- "-$$" ) & )
        [ -z "$2" ] || ulimit -v "$2" || exit 126
        [ -z "$3" ] || { ulimit -S -t "$3" && ulimit -H -t "$(($3 + 1))"; } || exit 126
        shift 3
        exec "$@"
        """;

    // Linux has the first, macOS the second.
    private static readonly Lazy<string[]> OwnSession = new(() => Tool("setsid") is { } setsid ? [setsid]
        : Tool("perl") is { } perl ? [perl, "-e", "use POSIX; POSIX::setsid(); exec { $ARGV[0] } @ARGV; exit 127;"]
        : []);

    /// <summary>Whether programs get a group of their own here; without one only those of their children are killed that still have a parent.</summary>
    public static bool HasGroups => OwnSession.Value.Length > 0;

    /// <exception cref="AgentException">There is no such program, or no such folder can be made.</exception>
    public static ProcessStartInfo For(ProcessAgentOptions options, AgentContext context, string guardPipe, string input)
    {
        var environment = ProcessEnvironment.For(options);
        var program = Program(options.Command, environment.GetValueOrDefault("PATH"));
        var arguments = options.Arguments.Select(argument => Fill(argument, context, input));
        string[] command = OperatingSystem.IsWindows()
            ? [program, .. arguments]
            : [.. OwnSession.Value, "/bin/sh", "-c", Script, "sh", guardPipe, Kibibytes(options.MemoryMb), Text(options.CpuSeconds), program, .. arguments];

        var start = new ProcessStartInfo(command[0], command[1..])
        {
            WorkingDirectory = Folder(options, context),
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        start.Environment.Clear();
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    /// <summary>Looked for here and not by the shell, whose complaint would name a line of the script.</summary>
    private static string Program(string command, string? path) => ProgramPath.IsName(command)
        ? ProgramPath.Find(command, path) ?? (OperatingSystem.IsWindows() ? command : throw Missing(command))
        : Path.GetFullPath(command) is var file && File.Exists(file) ? file : throw Missing(command);

    private static AgentException Missing(string command) => new($"There is no program \"{command}\" on this server");

    private static string Folder(ProcessAgentOptions options, AgentContext context)
    {
        var folder = Path.GetFullPath(Fill(options.WorkingDirectory ?? ".", context, input: null));
        try
        {
            return Directory.CreateDirectory(folder).FullName;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AgentException($"The agent's working directory cannot be made: {exception.Message}", innerException: exception);
        }
    }

    /// <summary>In one pass: what a caller has written is not filled in again.</summary>
    private static string Fill(string template, AgentContext context, string? input) => Placeholder().Replace(template, match => match.Value switch
    {
        "{run_id}" => context.RunId.ToString(),
        "{thread_id}" => context.ThreadId.ToString(),
        // An argument ends where a NUL is, and what follows it would be lost unseen.
        "{input}" when input is not null => input.Replace('\0', '\ufffd'),
        _ => match.Value,
    });

    private static string Kibibytes(int? mebibytes) => Text(mebibytes * 1024L);

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string? Tool(string name) => ProgramPath.Find(name, $"{Environment.GetEnvironmentVariable("PATH")}:/usr/bin:/bin");

    [GeneratedRegex(@"\{(run_id|thread_id|input)\}")]
    private static partial Regex Placeholder();
}
