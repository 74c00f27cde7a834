using System.Net;
using System.Net.Sockets;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>A port for programs that cannot say which one they were given.</summary>
internal static class FreePort
{
    public static int Take()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
