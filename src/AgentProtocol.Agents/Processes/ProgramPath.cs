namespace AgentProtocol.Agents.Processes;

/// <summary>Finds programs the way a shell does.</summary>
internal static class ProgramPath
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Whether this is a name to look for, and not a path.</summary>
    public static bool IsName(string command) => !command.Contains('/', StringComparison.Ordinal) && !command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal);

    /// <summary>The first program of this name on a PATH; null when there is none.</summary>
    public static string? Find(string name, string? path) => (path ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(IsProgram);

    private static bool IsProgram(string file) =>
        File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & Executable) != 0);
}
