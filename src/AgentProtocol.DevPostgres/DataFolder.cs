using System.Globalization;
using System.Security.Cryptography;

namespace AgentProtocol.DevPostgres;

/// <summary>
/// What lies where in the data folder. The folder itself stays ours; only <see cref="Cluster"/> belongs to the user
/// PostgreSQL runs as, so that root never writes into a folder somebody else controls.
/// </summary>
internal sealed class DataFolder(string path)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Private = OwnerOnly | UnixFileMode.UserExecute;
    private const UnixFileMode Enterable = Private | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public string Root { get; } = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));

    /// <summary>PostgreSQL's own data folder.</summary>
    public string Cluster => Path.Combine(Root, "cluster");

    public string LockFile => Path.Combine(Root, "server.lock");

    public string OwnerFile => Path.Combine(Root, "server.pid");

    /// <summary>Our settings, written anew at each start; postgresql.conf includes them.</summary>
    public string SettingsFile => Path.Combine(Root, "settings.conf");

    public string PasswordFile => Path.Combine(Root, "password");

    public string PostmasterFile => Path.Combine(Cluster, "postmaster.pid");

    /// <summary>What the server says before its log collector takes over.</summary>
    public string StartupLog => Path.Combine(Cluster, "startup.log");

    /// <summary>A cluster takes its final name only when it is complete.</summary>
    public string NewHalfCluster() => Path.Combine(Root, "half-" + RandomNumberGenerator.GetHexString(8, lowercase: true));

    public string[] HalfClusters() => Directory.GetDirectories(Root, "half-*");

    public void Create()
    {
        try
        {
            CreateWithParents(new DirectoryInfo(Root));
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException or IOException)
        {
            throw new PrivatePostgresException($"Cannot create the data folder {Root} ({problem.Message.TrimEnd('.')}): set Postgres:DataDirectory to a folder this user may write.", problem);
        }
    }

    public static void CreatePrivate(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, Private);
        }
    }

    public int? ReadMajorVersion()
    {
        var file = Path.Combine(Cluster, "PG_VERSION");
        try
        {
            return int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            // No cluster yet.
            return null;
        }
        catch (UnauthorizedAccessException problem)
        {
            throw new PrivatePostgresException($"The data folder {Root} belongs to another user: run as that user, or set Postgres:DataDirectory to another folder.", problem);
        }
    }

    public string? ReadPassword() => File.Exists(PasswordFile) ? File.ReadAllText(PasswordFile).Trim() : null;

    public void CreatePassword()
    {
        if (!File.Exists(PasswordFile))
        {
            Write(PasswordFile, RandomNumberGenerator.GetHexString(48, lowercase: true), OwnerOnly);
        }
    }

    public void WriteSettings(string text) =>
        Write(SettingsFile, text, OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    /// <summary>Deletes nothing that we did not make: a wrong setting must not cost a folder of the user.</summary>
    public void RequireOurs()
    {
        if (!File.Exists(LockFile))
        {
            throw new PrivatePostgresException($"{Root} is not the folder of a private PostgreSQL: check Postgres:DataDirectory.");
        }
    }

    public void DeleteContent()
    {
        foreach (var folder in HalfClusters().Append(Cluster).Where(Directory.Exists))
        {
            Directory.Delete(folder, recursive: true);
        }

        foreach (var file in new[] { SettingsFile, PasswordFile, OwnerFile })
        {
            File.Delete(file);
        }
    }

    public void Delete()
    {
        File.Delete(LockFile);
        if (!Directory.EnumerateFileSystemEntries(Root).Any())
        {
            Directory.Delete(Root);
        }
    }

    // Written aside and renamed: a reader or a crash never meets half a file, and a file of another user is replaced.
    private static void Write(string file, string text, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }

        using (var writer = new StreamWriter(file + ".new", options))
        {
            writer.Write(text);
        }

        if (!OperatingSystem.IsWindows())
        {
            // A strict umask took away what the server's user needs to read.
            File.SetUnixFileMode(file + ".new", mode);
        }

        File.Move(file + ".new", file, overwrite: true);
    }

    // Root's umask may be strict, but the user PostgreSQL runs as has to pass through the parents we make.
    private static void CreateWithParents(DirectoryInfo folder)
    {
        if (folder.Exists)
        {
            return;
        }

        if (folder.Parent is { } parent)
        {
            CreateWithParents(parent);
        }

        CreatePrivate(folder.FullName);
        if (!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess)
        {
            File.SetUnixFileMode(folder.FullName, Enterable);
        }
    }
}
