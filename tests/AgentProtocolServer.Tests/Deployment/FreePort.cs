using System.Net;
using System.Net.Sockets;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>A port for programs that cannot say which one they were given.</summary>
internal static class FreePort
{
    // Below those that systems give to whoever asks for any: nobody gets it while a node is being restarted.
    private const int First = 20_000, Count = 10_000;

    public static int Take()
    {
        while (true)
        {
            var port = First + Random.Shared.Next(Count);
            try
            {
                using var listener = new TcpListener(IPAddress.Loopback, port);
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken: another one.
            }
        }
    }
}
