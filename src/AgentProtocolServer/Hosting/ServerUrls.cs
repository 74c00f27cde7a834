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
}
