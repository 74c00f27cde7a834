using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Whether the database answers.</summary>
internal sealed class DatabaseHealthCheck(ProtocolDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand("select 1", connection);
            await command.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception exception) when (TransientFailure.Is(exception))
        {
            // That it does not answer is the answer.
            return HealthCheckResult.Unhealthy("The database does not answer");
        }
    }
}
