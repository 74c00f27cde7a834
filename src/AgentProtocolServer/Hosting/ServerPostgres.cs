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

        using var loggers = ServerLogging.CreateLoggerFactory(configuration);
        var postgres = await PrivatePostgres.StartAsync(Options(configuration), loggers.CreateLogger<PrivatePostgres>(), cancellationToken);
        configuration[Setting] = postgres.ConnectionString;
        return postgres;
    }

    /// <summary>The same for a tool beside the server: where a server runs, its PostgreSQL is used and left alone.</summary>
    /// <exception cref="PrivatePostgresException">It can be neither started nor joined.</exception>
    public static async Task<PrivatePostgres?> StartOrJoinAsync(ConfigurationManager configuration, CancellationToken cancellationToken)
    {
        try
        {
            return await StartIfNeededAsync(configuration, cancellationToken);
        }
        catch (PrivatePostgresException problem) when (problem.FolderInUse)
        {
            // The server itself, as a rule; only somebody who starts nothing in the folder leaves the problem as it is.
            if (await PrivatePostgres.FindRunningAsync(Options(configuration), cancellationToken) is not { } running)
            {
                throw;
            }

            configuration[Setting] = running;
            return null;
        }
    }

    private static PrivatePostgresOptions Options(ConfigurationManager configuration)
    {
        var options = configuration.GetSection(PostgresOptions.Section).Get<PostgresOptions>() ?? new PostgresOptions();
        return new PrivatePostgresOptions { DataDirectory = options.DataDirectory, BinDirectory = options.BinDirectory };
    }
}
