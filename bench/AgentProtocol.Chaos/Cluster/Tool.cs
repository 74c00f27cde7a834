using System.Diagnostics;
using System.Globalization;

namespace AgentProtocol.Chaos.Cluster;

/// <summary>Small programs, and where they are.</summary>
internal static class Tool
{
    /// <summary>Sends a signal by its name; a process that is gone is no error.</summary>
    public static void Signal(string name, int processId)
    {
        using var kill = Process.Start(new ProcessStartInfo("kill", [$"-{name}", processId.ToString(CultureInfo.InvariantCulture)]) { RedirectStandardError = true })!;
        kill.WaitForExit();
    }

    /// <summary>The path of a program; null when it is not installed.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Concat(["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"])
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);
}
