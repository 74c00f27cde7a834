using System.Diagnostics;
using System.Globalization;
using AgentProtocol.DevPostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Testing.Postgres;

/// <summary>The folders of test clusters carry their process id, so that the next test process removes what a killed one left.</summary>
public static class LeftoverClusters
{
    private const string Prefix = "agentprotocol-test-";

    // Containers reuse process ids: a folder with our number may be a dead process's, but not one with this name too.
    private static readonly string Ours = string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}");

    private static int _count;

    /// <summary>The name of a new folder in the system's temporary folder, to hold one or more clusters.</summary>
    public static string NewFolder() => Path.Combine(
        Path.GetTempPath(), string.Create(CultureInfo.InvariantCulture, $"{Ours}-{Interlocked.Increment(ref _count)}"));

    internal static async Task RemoveAsync()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*").Where(IsOfDeadProcess))
        {
            try
            {
                await RemoveAsync(folder);
            }
            catch (Exception problem) when (problem is PrivatePostgresException or IOException or UnauthorizedAccessException)
            {
                // Another user's, or another test process removes it right now.
            }
        }
    }

    private static async Task RemoveAsync(string folder)
    {
        foreach (var held in Directory.GetFiles(folder, "server.lock", SearchOption.AllDirectories))
        {
            var options = new PrivatePostgresOptions { DataDirectory = Path.GetDirectoryName(held) };
            await PrivatePostgres.DeleteAsync(options, NullLogger.Instance);
        }

        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static bool IsOfDeadProcess(string folder) =>
        !Path.GetFileName(folder).StartsWith(Ours, StringComparison.Ordinal)
        && int.TryParse(Path.GetFileName(folder).Split('-')[2], CultureInfo.InvariantCulture, out var processId)
        && (processId == Environment.ProcessId || !IsAlive(processId));

    private static bool IsAlive(int processId)
    {
        try
        {
            using var process = Process.GetProcessById(processId);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }
}
