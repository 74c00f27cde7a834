using System.Net;

namespace AgentProtocol.AspNetCore.Auth;

/// <summary>The names by which a machine calls itself. No name server can point them anywhere else.</summary>
public static class LoopbackNames
{
    /// <summary>
    /// Whether a host name or address, with or without the brackets of IPv6 and the dot that ends a full name, is this
    /// machine and nothing else.
    /// </summary>
    public static bool Contain(string host)
    {
        var name = host.EndsWith('.') ? host[..^1] : host;
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(name.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
    }
}
