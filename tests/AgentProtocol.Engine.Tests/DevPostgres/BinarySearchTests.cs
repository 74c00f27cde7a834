using AgentProtocol.DevPostgres;
using AgentProtocol.DevPostgres.Binaries;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

public sealed class BinarySearchTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("agentprotocol-binaries-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Without_binaries_the_message_has_the_command_of_each_system_and_the_ways_around()
    {
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => FindAsync([], [_root], null));

        Assert.True(refusal.BinariesMissing);
        Assert.All(
            ["apt-get install", "dnf install", "brew install", "winget install", "choco install", "docker compose up", "ConnectionStrings__Postgres"],
            part => Assert.Contains(part, refusal.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_new_cluster_takes_the_version_on_the_path_before_a_newer_installed_one()
    {
        Assert.Equal(15, (await FindAsync([Install(15)], [Install(13), Install(17)], null)).MajorVersion);
    }

    [Fact]
    public async Task A_new_cluster_takes_the_newest_of_the_install_folders()
    {
        Assert.Equal(17, (await FindAsync([], [Install(9), Install(17), Install(16)], null)).MajorVersion);
    }

    [Fact]
    public async Task An_existing_cluster_takes_its_own_version()
    {
        Assert.Equal(14, (await FindAsync([Install(15)], [Install(14), Install(17)], 14)).MajorVersion);
    }

    [Fact]
    public async Task An_existing_cluster_of_a_version_that_is_not_installed_is_refused_with_both_versions()
    {
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => FindAsync([Install(15)], [], 14));

        Assert.Contains("written by PostgreSQL 14 and only 15 was found", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_is_too_old_is_refused()
    {
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => FindAsync([Install(12)], [], null));

        Assert.Contains("PostgreSQL 13 or newer is needed and only 12 is installed", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_configured_folder_without_binaries_is_refused_and_named()
    {
        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(
            () => BinarySearch.FindAsync(_root, null, "/data", TestContext.Current.CancellationToken));

        Assert.Contains($"Postgres:BinDirectory {_root} ", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pattern_expands_to_the_folders_that_match()
    {
        Install(15);
        Install(17);

        Assert.Equal(
            [Path.Combine(_root, "15", "bin"), Path.Combine(_root, "17", "bin")],
            InstallFolders.Expand(Path.Combine(_root, "*", "bin")).Order());
    }

    private static Task<PostgresBinaries> FindAsync(string[] onPath, string[] usual, int? clusterVersion) =>
        BinarySearch.FindAsync(onPath, usual, clusterVersion, "/data", TestContext.Current.CancellationToken);

    // Programs that only know their version.
    private string Install(int version)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The stand-ins are shell scripts.");
        var bin = Directory.CreateDirectory(Path.Combine(_root, version.ToString(System.Globalization.CultureInfo.InvariantCulture), "bin"));
        foreach (var name in new[] { "postgres", "initdb", "pg_ctl" })
        {
            var file = Path.Combine(bin.FullName, name);
            File.WriteAllText(file, $"#!/bin/sh\necho '{name} (PostgreSQL) {version}.2 (Debian {version}.2-1)'\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }

        return bin.FullName;
    }
}
