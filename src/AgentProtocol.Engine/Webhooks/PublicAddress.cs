using System.Net;
using System.Net.Sockets;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>Which addresses are on the public internet, after the special-purpose registries of IANA (RFC 6890). No I/O.</summary>
internal static class PublicAddress
{
    private static readonly IPNetwork[] NotPublic =
    [
        IPNetwork.Parse("0.0.0.0/8"),       // unspecified: on many systems this host
        IPNetwork.Parse("10.0.0.0/8"),      // private
        IPNetwork.Parse("100.64.0.0/10"),   // carrier-grade NAT, also metadata services of some clouds
        IPNetwork.Parse("127.0.0.0/8"),     // loopback
        IPNetwork.Parse("169.254.0.0/16"),  // link-local, with the metadata services of most clouds
        IPNetwork.Parse("172.16.0.0/12"),   // private
        IPNetwork.Parse("192.0.0.0/24"),    // protocol assignments
        IPNetwork.Parse("192.0.2.0/24"),    // documentation
        IPNetwork.Parse("192.88.99.0/24"),  // 6to4 relays
        IPNetwork.Parse("192.168.0.0/16"),  // private
        IPNetwork.Parse("198.18.0.0/15"),   // benchmarks
        IPNetwork.Parse("198.51.100.0/24"), // documentation
        IPNetwork.Parse("203.0.113.0/24"),  // documentation
        IPNetwork.Parse("224.0.0.0/4"),     // multicast
        IPNetwork.Parse("240.0.0.0/4"),     // reserved, and broadcast
        IPNetwork.Parse("2001::/23"),       // protocol assignments: Teredo, ORCHID and others that lead elsewhere
        IPNetwork.Parse("2001:db8::/32"),   // documentation
        IPNetwork.Parse("2002::/16"),       // 6to4: an IPv4 address in disguise
        IPNetwork.Parse("3fff::/20"),       // documentation
    ];

    /// <summary>
    /// All that is in use of IPv6. Outside of it are loopback, unspecified, unique local, link-local, site-local, multicast,
    /// and the disguises of IPv4 addresses: compatible, translated, and NAT64, whose gateway may reach private networks.
    /// </summary>
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether anybody on the internet could reach the address just as well. A mapped IPv4 address counts as what it stands for.</summary>
    public static bool Is(IPAddress address)
    {
        var plain = Plain(address);
        return (plain.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(plain))
            && !Array.Exists(NotPublic, network => network.Contains(plain));
    }

    /// <summary>The address without its disguise as IPv6.</summary>
    public static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
