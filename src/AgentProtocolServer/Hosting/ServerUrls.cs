using AgentProtocol.AspNetCore.Auth;
using AgentProtocol.Engine;

namespace AgentProtocolServer.Hosting;

/// <summary>Where the server listens.</summary>
internal static class ServerUrls
{
    public const string Setting = ServerOptions.Section + ":" + nameof(ServerOptions.Urls);

    /// <summary>The configured addresses.</summary>
    /// <exception cref="StartException">One of them is not an address.</exception>
    public static string[] Read(IConfiguration configuration)
    {
        var urls = (configuration[Setting] ?? new ServerOptions().Urls)
            .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var url in urls)
        {
            try
            {
                BindingAddress.Parse(url);
            }
            catch (FormatException)
            {
                // The framework's own message names neither the setting nor a remedy.
                throw new StartException($"{Setting} has \"{url}\", which is not an address such as http://localhost:8123.");
            }
        }

        return urls;
    }

    /// <summary>What makes the server listen where other machines can reach it, in words; null when it listens to its own machine only.</summary>
    public static string? Reachable(IConfiguration configuration)
    {
        // Kestrel's own section wins over the addresses. What of both is in force is left to Kestrel: neither may be open.
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => (Setting: endpoint.Path + ":Url", Url: endpoint["Url"]));
        var found = Read(configuration).Select(url => (Setting, Url: (string?)url)).Concat(endpoints).FirstOrDefault(entry => !IsLocal(entry.Url));
        return found.Setting is null ? null : $"{found.Setting} is {found.Url}";
    }

    /// <summary>Whatever is not plainly local is not: wildcards, and names, for which Kestrel listens to all addresses, also for <c>localhost.</c> with a dot.</summary>
    private static bool IsLocal(string? url)
    {
        if (url is null)
        {
            return false;
        }

        var address = BindingAddress.Parse(url);
        return address.IsUnixPipe || address.IsNamedPipe || (!address.Host.EndsWith('.') && LoopbackNames.Contain(address.Host));
    }
}
