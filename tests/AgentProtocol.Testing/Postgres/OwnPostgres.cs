using AgentProtocol.DevPostgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentProtocol.Testing.Postgres;

/// <summary>A PostgreSQL of one test's own, which may be crashed under it.</summary>
public static class OwnPostgres
{
    /// <summary>Starts a durable one in a folder that goes with it; skips or fails the running test when there can be none.</summary>
    public static async Task<PrivatePostgres> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            PrivatePostgresOptions options = new() { DataDirectory = LeftoverClusters.NewFolder(), DeleteOnDispose = true, Fast = false };
            return await PrivatePostgres.StartAsync(options, NullLogger.Instance, cancellationToken);
        }
        catch (PrivatePostgresException problem) when (problem.BinariesMissing)
        {
            MissingPostgres.SkipOrFail(problem);
            throw;
        }
    }
}
