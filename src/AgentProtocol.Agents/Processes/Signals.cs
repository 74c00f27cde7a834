namespace AgentProtocol.Agents.Processes;

/// <summary>Names of the signals that end programs, with the same numbers on Linux and macOS but for SIGBUS.</summary>
internal static class Signals
{
    public static string? NameOf(int signal) => signal switch
    {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        6 => "SIGABRT",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        24 => "SIGXCPU: its CPU time is used up",
        _ => null,
    };
}
