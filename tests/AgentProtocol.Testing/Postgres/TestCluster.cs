using System.Globalization;
using AgentProtocol.DevPostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Testing.Postgres;

/// <summary>The one PostgreSQL of a test process: the configured one, else one in a container, else a private cluster; started at first use.</summary>
public sealed class TestCluster
{
    /// <summary>Names the server to test against; its user must be allowed to create databases.</summary>
    public const string ConnectionStringVariable = "AGENTPROTOCOL_TEST_POSTGRES";

    private static readonly Lazy<Task<TestCluster>> Shared = new(StartAsync);

    private TestCluster(string connectionString)
    {
        ConnectionString = connectionString;
        Templates = new TestTemplates(connectionString);
    }

    /// <summary>Connects to a database that is not under test, to create and drop those that are.</summary>
    public string ConnectionString { get; }

    internal TestTemplates Templates { get; }

    /// <summary>The cluster of this process; skips or fails the running test when there can be none.</summary>
    public static async Task<TestCluster> GetAsync()
    {
        try
        {
            return await Shared.Value;
        }
        catch (PrivatePostgresException problem) when (problem.BinariesMissing)
        {
            MissingPostgres.SkipOrFail(problem);
            throw;
        }
    }

    private static async Task<TestCluster> StartAsync()
    {
        var configured = Environment.GetEnvironmentVariable(ConnectionStringVariable);
        var server = await PostgresServer.ChooseAsync(configured, ContainerPostgres.TryStartAsync, StartPrivateAsync);
        var cluster = new TestCluster(server.ConnectionString);
        // Where the server stays, our templates would stay too.
        AtExit.Run(server.StopAsync ?? cluster.Templates.DropAllAsync);
        Notes.Tell($"Tests use {server.Description}.");
        return cluster;
    }

    private static async Task<PostgresServer> StartPrivateAsync()
    {
        await LeftoverClusters.RemoveAsync();
        var options = new PrivatePostgresOptions
        {
            DataDirectory = LeftoverClusters.NewFolder(),
            DeleteOnDispose = true,
        };
        var postgres = await PrivatePostgres.StartAsync(options, NullLogger.Instance);
        return new(
            postgres.ConnectionString,
            string.Create(CultureInfo.InvariantCulture, $"a private PostgreSQL, process {postgres.ServerProcessId}, in {postgres.DataDirectory}"),
            async () => await postgres.DisposeAsync());
    }
}
