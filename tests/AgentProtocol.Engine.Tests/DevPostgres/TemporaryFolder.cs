using AgentProtocol.DevPostgres;
using AgentProtocol.Testing.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

/// <summary>A folder for one cluster, stopped and deleted after the test whatever the test left in it.</summary>
internal sealed class TemporaryFolder(string suffix = "") : IAsyncDisposable
{
    private readonly string _parent = LeftoverClusters.NewFolder();

    public string Data => Path.Combine([_parent, .. suffix.Split('/', StringSplitOptions.RemoveEmptyEntries), "data"]);

    public string Cluster => Path.Combine(Data, "cluster");

    public string Parent => _parent;

    public async Task<PrivatePostgres> StartAsync(Action<PrivatePostgresOptions>? configure = null)
    {
        var options = new PrivatePostgresOptions { DataDirectory = Data, Fast = true };
        configure?.Invoke(options);
        try
        {
            return await PrivatePostgres.StartAsync(options, NullLogger.Instance, TestContext.Current.CancellationToken);
        }
        catch (PrivatePostgresException problem) when (problem.BinariesMissing)
        {
            MissingPostgres.SkipOrFail(problem);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (File.Exists(Path.Combine(Data, "server.lock")))
        {
            await PrivatePostgres.DeleteAsync(new PrivatePostgresOptions { DataDirectory = Data }, NullLogger.Instance);
        }

        if (Directory.Exists(_parent))
        {
            Directory.Delete(_parent, recursive: true);
        }
    }
}
