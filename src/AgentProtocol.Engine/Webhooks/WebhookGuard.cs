using System.Net;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Webhooks;

/// <summary>
/// Decides which addresses a webhook may reach. Who creates a run names the target, and must not be able to reach through
/// this server what only this server can reach.
/// </summary>
internal sealed class WebhookGuard
{
    private readonly IPNetwork[] networks;
    private readonly HashSet<string> hosts;

    public WebhookGuard(IOptions<WebhookOptions> options)
    {
        networks = [.. Split(options.Value.AllowedNetworks).Select(IPNetwork.Parse)];
        hosts = new(Split(options.Value.AllowedHosts).Select(Plain), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The first entry of a list of networks that is none; null when there is none.</summary>
    public static string? FindWrongNetwork(string? networks) => Split(networks).FirstOrDefault(text => !IPNetwork.TryParse(text, out _));

    /// <summary>Whether an address of a host may be called.</summary>
    public bool Allows(string host, IPAddress address)
    {
        var plain = PublicAddress.Plain(address);
        return PublicAddress.Is(plain) || Array.Exists(networks, network => network.Contains(plain)) || hosts.Contains(Plain(host));
    }

    /// <summary>The addresses of a host that may be called.</summary>
    /// <exception cref="WebhookRefusedException">There are none.</exception>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellationToken)
    {
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken);
        IPAddress[] allowed = [.. addresses.Where(address => Allows(host, address))];

        // The address is not told: it is the operator's network, and the log is the caller's.
        return allowed.Length > 0 ? allowed : throw new WebhookRefusedException($"{host} has no public address, and private networks are not called");
    }

    private static string Plain(string host) => host.Trim('[', ']').TrimEnd('.');

    private static string[] Split(string? list) =>
        (list ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>A target that is not called, and will not be later.</summary>
internal sealed class WebhookRefusedException(string message) : Exception(message);
