using AgentProtocol.DevPostgres.Binaries;
using AgentProtocol.DevPostgres.Processes;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.DevPostgres.Cluster;

/// <summary>Creates the cluster of a folder once; a creation killed in the middle leaves nothing that looks like one.</summary>
internal sealed class ClusterCreation(
    DataFolder folder, PostgresBinaries binaries, ServerAccount account, PrivatePostgresOptions options, ILogger logger)
{
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        RemoveHalfClusters();
        if (Directory.Exists(folder.Cluster))
        {
            return;
        }

        logger.Creating(binaries.MajorVersion, folder.Root);
        var half = folder.NewHalfCluster();
        DataFolder.CreatePrivate(half);
        await account.OwnAsync(half, cancellationToken);
        if (options.UseTcp)
        {
            folder.CreatePassword();
            await account.OwnAsync(folder.PasswordFile, cancellationToken);
        }

        await InitDbAsync(half, cancellationToken);
        await IncludeOurSettingsAsync(half, cancellationToken);
        Directory.Move(half, folder.Cluster);
    }

    private async Task InitDbAsync(string half, CancellationToken cancellationToken)
    {
        // Only who can enter the socket's private folder can connect there, so that socket needs no password.
        string[] authentication = options.UseTcp
            ? ["--auth=scram-sha-256", $"--pwfile={folder.PasswordFile}"]
            : ["--auth-local=trust", "--auth-host=reject"];
        string[] durability = options.Fast ? ["--no-sync"] : [];
        var command = new Command(
            binaries.InitDb, [$"--username={ClusterConnection.User}", "--encoding=UTF8", "--locale=C", .. authentication, .. durability])
        {
            DataDirectory = half,
        };
        var result = await account.As(command).RunAsync(cancellationToken);
        if (!result.Succeeded)
        {
            throw new PrivatePostgresException($"initdb of {binaries.Folder} could not create a cluster in {folder.Root}: {result.Complaint}.");
        }
    }

    // As the server's user: root must not follow a link that this user may have put there.
    private async Task IncludeOurSettingsAsync(string half, CancellationToken cancellationToken)
    {
        const string lines = "include '../settings.conf'\ninclude_if_exists 'custom.conf'\n";
        if (account.Name is null)
        {
            await File.AppendAllTextAsync(Path.Combine(half, "postgresql.conf"), lines, cancellationToken);
            return;
        }

        const string script = """printf "include '../settings.conf'\ninclude_if_exists 'custom.conf'\n" >> "$PGDATA/postgresql.conf" """;
        var result = await account.As(new Command("/bin/sh", "-c", script) { DataDirectory = half }).RunAsync(cancellationToken);
        if (!result.Succeeded)
        {
            throw new PrivatePostgresException($"Cannot write the settings of the cluster in {folder.Root}: {result.Complaint}.");
        }
    }

    private void RemoveHalfClusters()
    {
        foreach (var half in folder.HalfClusters())
        {
            try
            {
                Directory.Delete(half, recursive: true);
                logger.RemovedHalfCluster(folder.Root);
            }
            catch (IOException)
            {
                // The initdb of a killed predecessor may still be writing there; a later start removes the rest.
            }
        }
    }
}
