using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace AgentProtocol.DevPostgres.Cluster;

/// <summary>What postmaster.pid says about the server of a cluster; the file outlives a killed server.</summary>
internal sealed record Postmaster(int ProcessId, int Port, string? SocketFolder, bool IsReady)
{
    // The file's lines, as PostgreSQL's pidfile.h numbers them.
    private const int PortLine = 3;
    private const int SocketLine = 4;
    private const int StatusLine = 7;

    public static Postmaster? Read(DataFolder folder)
    {
        if (ReadText(folder.PostmasterFile) is not { } text)
        {
            return null;
        }

        var lines = text.Split('\n');
        return int.TryParse(lines[0], CultureInfo.InvariantCulture, out var processId)
            ? new Postmaster(
                Math.Abs(processId),
                int.TryParse(lines.ElementAtOrDefault(PortLine), CultureInfo.InvariantCulture, out var port) ? port : 0,
                lines.ElementAtOrDefault(SocketLine) is { Length: > 0 } socketFolder ? socketFolder.Trim() : null,
                lines.ElementAtOrDefault(StatusLine)?.Trim() == "ready")
            : null;
    }

    /// <summary>False also when the system has given the process id to another program since.</summary>
    public bool IsAlive(DataFolder folder)
    {
        if (ProcessName() is not { } name || !name.StartsWith("post", StringComparison.OrdinalIgnoreCase))
        {
            return false;
        }

        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        try
        {
            // A postmaster works in its cluster. A server of another cluster does not have this very file.
            return File.ReadAllText($"/proc/{ProcessId}/cwd/postmaster.pid") == File.ReadAllText(folder.PostmasterFile);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            // A dead process not yet reaped, or a server somewhere else.
            return false;
        }
        catch (Exception problem) when (problem is UnauthorizedAccessException or IOException)
        {
            // Containers hide the folders of other users' processes even from root; the name has to do.
            return true;
        }
    }

    /// <summary>True when the process id is taken, by whatever program.</summary>
    public bool IsProcess() => ProcessName() is not null;

    private string? ProcessName()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return process.ProcessName;
        }
        catch (Exception problem) when (problem is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // No such process, or it ended while we looked.
            return null;
        }
    }

    private static string? ReadText(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
