namespace AgentProtocol.DevPostgres.Binaries;

/// <summary>The places where packages put PostgreSQL's server programs, which most of them keep off PATH.</summary>
internal static class InstallFolders
{
    private static readonly string[] Unix =
    [
        "/usr/lib/postgresql/*/bin", // Debian, Ubuntu
        "/usr/pgsql-*/bin", // RPM packages of postgresql.org
        "/usr/lib/postgresql*/bin", // SUSE
        "/usr/libexec/postgresql*", // Alpine
        "/opt/homebrew/opt/postgresql@*/bin",
        "/usr/local/opt/postgresql@*/bin",
        "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
        "/Applications/Postgres.app/Contents/Versions/*/bin",
    ];

    public static IEnumerable<string> OnPath(string? path) =>
        (path ?? "").Split(Path.PathSeparator, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(BehindLink);

    public static IEnumerable<string> Usual() => Patterns().SelectMany(Expand);

    /// <summary>Expands the one segment of a pattern that has a star.</summary>
    public static string[] Expand(string pattern)
    {
        var segments = pattern.Split('/', '\\');
        var star = Array.FindIndex(segments, segment => segment.Contains('*', StringComparison.Ordinal));
        var parent = string.Join(Path.DirectorySeparatorChar, segments[..star]);
        return Directory.Exists(parent)
            ? [.. Directory.GetDirectories(parent, segments[star]).Select(found => Path.Combine([found, .. segments[(star + 1)..]]))]
            : [];
    }

    private static IEnumerable<string> Patterns() => OperatingSystem.IsWindows()
        ? new[] { Environment.SpecialFolder.ProgramFiles, Environment.SpecialFolder.ProgramFilesX86 }
            .Select(folder => Path.Combine(Environment.GetFolderPath(folder), "PostgreSQL", "*", "bin"))
        : Unix;

    // A link to pg_ctl alone is common; its siblings are beside its target.
    private static string BehindLink(string folder)
    {
        var link = new FileInfo(Path.Combine(folder, "pg_ctl"));
        return link.LinkTarget is not null && link.ResolveLinkTarget(returnFinalTarget: true) is FileInfo { DirectoryName: { } real }
            ? real
            : folder;
    }
}
