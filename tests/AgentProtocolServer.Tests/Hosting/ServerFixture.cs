using System.Runtime.ExceptionServices;
using AgentProtocol.Agents;
using Xunit;
using Xunit.Sdk;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>One server for a test class. It is an error when it has logged one.</summary>
public class ServerFixture : IAsyncLifetime
{
    private ExceptionDispatchInfo? skip;
    private TestServer? server;

    public TestServer Server
    {
        get
        {
            skip?.Throw();
            return server ?? throw new InvalidOperationException("The fixture is not initialised.");
        }
    }

    public HttpClient Client => Server.Client;

    /// <summary>Settings that differ from production's.</summary>
    protected virtual string[] Settings => [];

    /// <summary>Agents beside the server's own.</summary>
    protected virtual IReadOnlyList<AgentDefinition> Agents => [];

    public async ValueTask InitializeAsync()
    {
        try
        {
            server = await TestServer.StartAsync(Agents, Settings);
        }
        catch (SkipException skipped)
        {
            // In a fixture xunit counts a skip as a failure; the tests themselves may skip.
            skip = ExceptionDispatchInfo.Capture(skipped);
        }
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (server is not null)
        {
            await server.DisposeAsync();
            Assert.Empty(server.Errors);
        }
    }
}
