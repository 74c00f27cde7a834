using System.ComponentModel;
using System.Text.RegularExpressions;
using AgentProtocol.DevPostgres.Processes;

namespace AgentProtocol.DevPostgres.Binaries;

/// <summary>A folder with the programs of one PostgreSQL version.</summary>
internal sealed partial record PostgresBinaries(string Folder, int MajorVersion)
{
    private static readonly string[] Needed = ["initdb", "pg_ctl", "postgres"];
    private static readonly string Suffix = OperatingSystem.IsWindows() ? ".exe" : "";

    public string InitDb => In(Folder, "initdb");

    public string PgCtl => In(Folder, "pg_ctl");

    /// <summary>The binaries of a folder, or null when it lacks one of them or they do not run.</summary>
    public static async Task<PostgresBinaries?> ReadAsync(string folder, CancellationToken cancellationToken)
    {
        if (!Needed.All(name => File.Exists(In(folder, name))))
        {
            return null;
        }

        try
        {
            var result = await new Command(In(folder, "pg_ctl"), "--version").RunAsync(cancellationToken);
            var version = Version().Match(result.Output);
            return version.Success ? new PostgresBinaries(folder, int.Parse(version.ValueSpan)) : null;
        }
        catch (Win32Exception)
        {
            // Not executable for us, or built for another machine.
            return null;
        }
    }

    private static string In(string folder, string name) => Path.Combine(folder, name + Suffix);

    [GeneratedRegex(@"(?<=\(PostgreSQL\) )\d+")]
    private static partial Regex Version();
}
