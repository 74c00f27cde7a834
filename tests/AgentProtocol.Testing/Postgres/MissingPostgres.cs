using AgentProtocol.DevPostgres;
using AgentProtocol.DevPostgres.Binaries;
using Xunit;

namespace AgentProtocol.Testing.Postgres;

/// <summary>A machine without PostgreSQL: a laptop may skip, a build server must not stay green by it.</summary>
public static class MissingPostgres
{
    /// <summary>Skips the running test, or fails it where the environment has <c>CI</c>.</summary>
    public static void SkipOrFail(Exception cause)
    {
        if (!string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI")))
        {
            throw new InvalidOperationException(
                $"CI has no PostgreSQL: install it, or set {TestCluster.ConnectionStringVariable}. {cause.Message}", cause);
        }

        Assert.Skip($"No PostgreSQL: install it, or set {TestCluster.ConnectionStringVariable}.");
    }

    /// <summary>The same for a server that starts a PostgreSQL for itself: the programs may be missing although tests have a database.</summary>
    public static async Task SkipOrFailWithoutProgramsAsync(CancellationToken cancellationToken)
    {
        try
        {
            await BinarySearch.FindAsync(binDirectory: null, clusterVersion: null, Path.GetTempPath(), cancellationToken);
        }
        catch (PrivatePostgresException problem) when (problem.BinariesMissing)
        {
            SkipOrFail(problem);
        }
    }
}
