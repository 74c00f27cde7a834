using System.Globalization;
using AgentProtocol.DevPostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Testing.Postgres;

/// <summary>The one PostgreSQL of a test process: the configured one, else a private cluster started at first use.</summary>
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
        if (Environment.GetEnvironmentVariable(ConnectionStringVariable) is { Length: > 0 } configured)
        {
            Console.WriteLine($"Tests use the PostgreSQL of {ConnectionStringVariable}.");
            var cluster = new TestCluster(configured);
            AtExit.Run(cluster.Templates.DropAllAsync);
            return cluster;
        }

        await LeftoverClusters.RemoveAsync();
        var options = new PrivatePostgresOptions
        {
            DataDirectory = LeftoverClusters.NewFolder(),
            DeleteOnDispose = true,
        };
        var postgres = await PrivatePostgres.StartAsync(options, NullLogger.Instance);
        AtExit.Run(async () => await postgres.DisposeAsync());
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"Tests use a private PostgreSQL, process {postgres.ServerProcessId}, in {postgres.DataDirectory}."));
        return new TestCluster(postgres.ConnectionString);
    }
}
