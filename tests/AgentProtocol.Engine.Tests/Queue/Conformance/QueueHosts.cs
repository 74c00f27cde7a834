using AgentProtocol.Agents;
using AgentProtocol.Agents.Echo;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Conformance;

/// <summary>Nodes with the same queue on a database of the test's own.</summary>
public abstract class QueueHosts : IAsyncLifetime
{
    /// <summary>Long enough for a sweep and for a death to be noticed on a busy machine; a queue that forgets a run never gets there.</summary>
    protected const int Limit = 90_000;

    private readonly List<EngineHost> hosts = [];
    private TestDatabase database = null!;
    private QueueHarness rows = null!;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>What chooses the queue.</summary>
    protected abstract (string, string)[] Settings { get; }

    private protected QueueHarness Rows => rows;

    public virtual async ValueTask InitializeAsync()
    {
        database = await MigratedPostgres.CreateAsync();
        rows = new QueueHarness(database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (var host in hosts)
        {
            await host.DisposeAsync();
        }

        if (database is not null)
        {
            await rows.DisposeAsync();
            await database.DisposeAsync();
        }
    }

    private protected Task<EngineHost> StartAsync(params (string, string)[] settings) =>
        StartAsync([EchoAgent.Definition()], settings);

    private protected Task<EngineHost> StartAsync(HeldAgent agent, params (string, string)[] settings) => StartAsync([agent.Definition()], settings);

    private protected async Task<EngineHost> StartAsync(IReadOnlyList<AgentDefinition> agents, params (string, string)[] settings)
    {
        var host = await EngineHost.StartAsync(
            database.ConnectionString, agents, [.. Settings.ExceptBy(settings.Select(setting => setting.Item1), setting => setting.Item1), .. settings]);
        hosts.Add(host);
        return host;
    }

    private protected async Task StopAsync(EngineHost host)
    {
        hosts.Remove(host);
        await host.DisposeAsync();
    }
}
