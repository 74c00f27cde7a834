namespace AgentProtocol.DevPostgres.Binaries;

/// <summary>Chooses the PostgreSQL to run: the version of an existing cluster, else PATH's, else the newest installed.</summary>
internal static class BinarySearch
{
    private const int OldestVersion = 13;

    public static Task<PostgresBinaries> FindAsync(
        string? binDirectory, int? clusterVersion, string dataDirectory, CancellationToken cancellationToken) =>
        binDirectory is not null
            ? FindInAsync(binDirectory, clusterVersion, dataDirectory, cancellationToken)
            : FindAsync(
                InstallFolders.OnPath(Environment.GetEnvironmentVariable("PATH")), InstallFolders.Usual(), clusterVersion, dataDirectory, cancellationToken);

    /// <summary>The first that fits of the folders on the path, else the newest that fits of the install folders.</summary>
    public static async Task<PostgresBinaries> FindAsync(
        IEnumerable<string> onPath, IEnumerable<string> usual, int? clusterVersion, string dataDirectory, CancellationToken cancellationToken)
    {
        var found = await ReadAsync(onPath, cancellationToken);
        if (found.Find(Fits) is { } first)
        {
            return first;
        }

        found.AddRange((await ReadAsync(usual, cancellationToken)).OrderByDescending(binaries => binaries.MajorVersion));
        return found.Find(Fits) ?? throw Missing();

        bool Fits(PostgresBinaries binaries) =>
            clusterVersion is null ? binaries.MajorVersion >= OldestVersion : binaries.MajorVersion == clusterVersion;

        PrivatePostgresException Missing() => (found, clusterVersion) switch
        {
            ([], _) => new(MissingBinaries.Message) { BinariesMissing = true },
            (_, null) => new($"PostgreSQL {OldestVersion} or newer is needed and only {Versions(found)} is installed: install a newer one, or set ConnectionStrings:Postgres to a database of your own."),
            _ => new(Mismatch(dataDirectory, clusterVersion.Value, Versions(found))),
        };
    }

    private static async Task<PostgresBinaries> FindInAsync(
        string binDirectory, int? clusterVersion, string dataDirectory, CancellationToken cancellationToken)
    {
        var binaries = await PostgresBinaries.ReadAsync(Path.GetFullPath(binDirectory), cancellationToken)
            ?? throw new PrivatePostgresException($"Postgres:BinDirectory {binDirectory} holds no working postgres, initdb and pg_ctl: name the folder with PostgreSQL's server programs, or remove the setting to have them searched.");
        return clusterVersion is null || clusterVersion == binaries.MajorVersion
            ? binaries
            : throw new PrivatePostgresException(Mismatch(dataDirectory, clusterVersion.Value, $"{binaries.MajorVersion} in Postgres:BinDirectory"));
    }

    private static async Task<List<PostgresBinaries>> ReadAsync(IEnumerable<string> folders, CancellationToken cancellationToken)
    {
        var found = new List<PostgresBinaries>();
        foreach (var folder in folders.Distinct())
        {
            if (await PostgresBinaries.ReadAsync(folder, cancellationToken) is { } binaries)
            {
                found.Add(binaries);
            }
        }

        return found;
    }

    private static string Versions(IEnumerable<PostgresBinaries> found) =>
        string.Join(", ", found.Select(binaries => binaries.MajorVersion).Distinct());

    private static string Mismatch(string dataDirectory, int clusterVersion, string installed) =>
        $"The data folder {dataDirectory} was written by PostgreSQL {clusterVersion} and only {installed} was found: install PostgreSQL {clusterVersion}, or set Postgres:DataDirectory to a new folder.";
}
