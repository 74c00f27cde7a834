using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>Two nodes on one database, with nginx in front.</summary>
public sealed class ProxiedNodes : ServerFixture, IAsyncLifetime
{
    private NginxProcess? nginx;
    private TestServer? second;

    /// <summary>Longer than a test needs to look, and short enough to wait for.</summary>
    protected override string[] Settings => ["--Runs:DisconnectGrace=00:00:00.500"];

    /// <summary>Starts what is missing, and gives a caller of the proxy. A test that cannot have nginx is skipped here.</summary>
    public async Task<HttpClient> ClientAsync()
    {
        if (nginx is null)
        {
            second ??= await TestServer.StartOnAsync(Server.ConnectionString, Settings);
            nginx = await NginxProcess.StartAsync(Client.BaseAddress!.Authority, second.Client.BaseAddress!.Authority);
        }

        return new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = nginx.Address };
    }

    /// <summary>Which routes each node has answered since the last time.</summary>
    public string[][] TakeRoutes() => [Server.Routes.Take(), second!.Routes.Take()];

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        if (nginx is not null)
        {
            await nginx.DisposeAsync();
        }

        if (second is not null)
        {
            await second.DisposeAsync();
        }

        await DisposeAsync();
    }
}
