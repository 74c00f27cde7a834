using System.Net;
using AgentProtocolServer.Hosting;

namespace AgentProtocolServer.Verbs;

/// <summary>Asks the server of this machine whether it is ready, where there is nothing else to ask with: in a container without a shell.</summary>
internal static class HealthVerb
{
    private const string Path = "health/ready";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(4);

    public static Task<int> RunAsync(string[] args) => StartFailure.GuardAsync(async () =>
    {
        var address = OwnAddress(ServerUrls.Read(ServerHost.CreateBuilder(args).Configuration));
        using var client = new HttpClient { BaseAddress = address, Timeout = Limit };

        // Whatever the address: where AllowedHosts is set, this is the one name that probes need there.
        client.DefaultRequestHeaders.Host = "localhost";
        try
        {
            using var answer = await client.GetAsync(Path);
            if (answer.StatusCode != HttpStatusCode.OK)
            {
                throw new StartException($"{address}{Path} answers {(int)answer.StatusCode}.");
            }
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
        {
            throw new StartException($"{address}{Path} does not answer: {exception.Message}");
        }

        Console.WriteLine("ready");
    });

    /// <summary>The first address that is plain HTTP, at this machine: a certificate is for the name by which others call the server.</summary>
    /// <exception cref="StartException">There is none.</exception>
    internal static Uri OwnAddress(IReadOnlyList<string> urls)
    {
        var address = urls.Select(BindingAddress.Parse).FirstOrDefault(url => url.Scheme == Uri.UriSchemeHttp && !url.IsUnixPipe && !url.IsNamedPipe)
            ?? throw new StartException($"{ServerUrls.Setting} has no address that begins with http://: name one, as in 'agentprotocol health --{ServerUrls.Setting} http://localhost:8123'.");
        var host = address.Host switch
        {
            "*" or "+" or "0.0.0.0" => "127.0.0.1",
            "[::]" => "[::1]",
            var named => named,
        };
        return new UriBuilder(Uri.UriSchemeHttp, host, address.Port).Uri;
    }
}
