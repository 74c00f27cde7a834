namespace AgentProtocol.DevPostgres;

/// <summary>Where a private PostgreSQL lives and how it starts; the section <c>Postgres</c> of the settings.</summary>
public sealed class PrivatePostgresOptions
{
    /// <summary>The folder of the cluster; <see cref="DefaultDataDirectory"/> when absent. Created when it does not exist.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>The folder of <c>postgres</c>, <c>initdb</c> and <c>pg_ctl</c>; when absent PATH and the usual install folders are searched.</summary>
    public string? BinDirectory { get; set; }

    /// <summary>How long a start may take until the server answers; long enough for the recovery after a crash.</summary>
    public TimeSpan StartTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Trades durability for speed: a crash of the machine may corrupt the cluster. For tests only.</summary>
    public bool Fast { get; set; }

    /// <summary>Deletes the data folder when the instance is disposed. For tests only.</summary>
    public bool DeleteOnDispose { get; set; }

    // Windows has no unix sockets with folder permissions to rely on; elsewhere only tests of that path choose it.
    internal bool UseTcp { get; set; } = OperatingSystem.IsWindows();

    /// <summary>The user's local application data; for root a folder that the user <c>postgres</c> can enter.</summary>
    public static string DefaultDataDirectory => Path.Combine(
        !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess ? "/var/lib" : LocalApplicationData(),
        "agent-protocol-server",
        "postgres");

    private static string LocalApplicationData()
    {
        var folder = Environment.GetFolderPath(
            Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return folder.Length > 0
            ? folder
            : throw new PrivatePostgresException("This user has no home folder for a database: set Postgres:DataDirectory to a folder it may write.");
    }
}
