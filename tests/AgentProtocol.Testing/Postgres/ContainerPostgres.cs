using DotNet.Testcontainers.Builders;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Testcontainers.PostgreSql;

namespace AgentProtocol.Testing.Postgres;

/// <summary>A PostgreSQL in a container, where an engine answers.</summary>
internal static class ContainerPostgres
{
    // Where nobody listens the answer comes at once; an engine that hangs would hold the tests for minutes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Null where no engine answers. When one answers and the container does not start, that is a failure to be seen.</summary>
    public static async Task<PostgresServer?> TryStartAsync()
    {
        if (await TryBuildAsync() is not { } container)
        {
            Notes.Tell("Tests do without Testcontainers: no container engine answers.");
            return null;
        }

        await container.StartAsync();
        return new(
            // As the private cluster: the pools of all tests have to fit into the server's connections.
            new NpgsqlConnectionStringBuilder(container.GetConnectionString()) { MaxPoolSize = 50 }.ConnectionString,
            $"a PostgreSQL of Testcontainers, container {container.Id[..12]}",
            async () => await container.DisposeAsync());
    }

    private static async Task<PostgreSqlContainer?> TryBuildAsync()
    {
        try
        {
            return await Task.Run(Build).WaitAsync(Patience);
        }
        catch (Exception problem) when (problem is DockerUnavailableException or TimeoutException)
        {
            // Building looks for the engine, and says only in this way that there is none.
            return null;
        }
    }

    // Testcontainers itself turns off what makes writes durable.
    private static PostgreSqlContainer Build() => new PostgreSqlBuilder("postgres:17")
        // The engine opens the port to the network, where a known password would be none.
        .WithPassword(Guid.NewGuid().ToString("N"))
        // As the private cluster: the image would sort text by the rules of a language.
        .WithEnvironment("POSTGRES_INITDB_ARGS", "--encoding=UTF8 --locale=C")
        .WithCommand("-c", "max_connections=200", "-c", "jit=off")
        .WithLogger(NullLogger.Instance)
        .Build();
}
