using AgentProtocol.DevPostgres;
using AgentProtocolServer.Logging;

namespace AgentProtocolServer.Hosting;

/// <summary>Starts a private PostgreSQL when the settings name no database.</summary>
internal static class ServerPostgres
{
    private const string Setting = "ConnectionStrings:Postgres";

    /// <summary>Starts it and names it in the configuration. Null when a database is configured.</summary>
    /// <exception cref="PrivatePostgresException">It cannot be started.</exception>
    public static async Task<PrivatePostgres?> StartIfNeededAsync(ConfigurationManager configuration, CancellationToken cancellationToken)
    {
        if (!string.IsNullOrWhiteSpace(configuration[Setting]))
        {
            return null;
        }

        var options = configuration.GetSection(PostgresOptions.Section).Get<PostgresOptions>() ?? new PostgresOptions();
        using var loggers = ServerLogging.CreateLoggerFactory(configuration);
        var postgres = await PrivatePostgres.StartAsync(
            new PrivatePostgresOptions { DataDirectory = options.DataDirectory, BinDirectory = options.BinDirectory },
            loggers.CreateLogger<PrivatePostgres>(),
            cancellationToken);
        configuration[Setting] = postgres.ConnectionString;
        return postgres;
    }
}
