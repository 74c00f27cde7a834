using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using AgentProtocol.DevPostgres.Processes;

namespace AgentProtocol.DevPostgres.Cluster;

/// <summary>
/// A short private folder for the unix socket. Its name is random, so nobody can prepare it for us in a shared
/// temporary folder; a successor reads it from postmaster.pid.
/// </summary>
internal static class SocketFolder
{
    private const string Prefix = "agentprotocol-";

    // sockaddr_un ends at 107 bytes on Linux and at 103 on macOS.
    private static readonly int LongestPath = OperatingSystem.IsMacOS() ? 103 : 107;

    public static async Task<string> CreateAsync(ServerAccount account, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Parent(), Prefix + RandomNumberGenerator.GetHexString(16, lowercase: true));
        DataFolder.CreatePrivate(folder);
        await account.OwnAsync(folder, cancellationToken);
        return folder;
    }

    public static string SocketIn(string folder, int port) => Path.Combine(folder, $".s.PGSQL.{port}");

    /// <summary>Removes a folder that a stopped server used; never one that is not ours.</summary>
    public static void Delete(string? folder)
    {
        if (folder is null || !Path.GetFileName(folder).StartsWith(Prefix, StringComparison.Ordinal))
        {
            return;
        }

        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            // Gone already, or another user's by now: it is empty litter, not worth a failed start.
        }
    }

    public static int FreeLoopbackPort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Parent()
    {
        string[] parents = ["/tmp", Path.GetTempPath()];
        return parents.FirstOrDefault(parent => Directory.Exists(parent) && Fits(parent))
            ?? throw new PrivatePostgresException($"The path of a unix socket ends at {LongestPath} bytes and {Path.GetTempPath()} is too long: set TMPDIR to a short folder.");
    }

    private static bool Fits(string parent) =>
        Encoding.UTF8.GetByteCount(SocketIn(Path.Combine(parent, Prefix + new string('0', 16)), 65535)) <= LongestPath;
}
