using System.Diagnostics;
using System.Globalization;
using AgentProtocol.DevPostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Testing.Postgres;

/// <summary>The folders of test clusters carry their process id, so that the next test process removes what a killed one left.</summary>
internal static class LeftoverClusters
{
    private const string Prefix = "agentprotocol-test-";

    public static string NewFolder() => Path.Combine(
        Path.GetTempPath(),
        string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}"));

    public static async Task RemoveAsync()
    {
        foreach (var folder in Directory.GetDirectories(Path.GetTempPath(), Prefix + "*").Where(IsOfDeadProcess))
        {
            try
            {
                await PrivatePostgres.DeleteAsync(new PrivatePostgresOptions { DataDirectory = folder }, NullLogger.Instance);
            }
            catch (Exception problem) when (problem is PrivatePostgresException or IOException or UnauthorizedAccessException)
            {
                // Another user's, or another test process removes it right now.
            }
        }
    }

    // Our own number in a folder from before our start is that of a dead process too: containers reuse them.
    private static bool IsOfDeadProcess(string folder) =>
        int.TryParse(Path.GetFileName(folder).Split('-')[2], CultureInfo.InvariantCulture, out var processId)
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
