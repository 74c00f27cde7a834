using Npgsql;

namespace AgentProtocol.DevPostgres.Cluster;

/// <summary>How to reach a running cluster, and the first steps on it.</summary>
internal static class ClusterConnection
{
    public const string User = "agentprotocol";
    public const string Database = "agentprotocol";

    private const string MaintenanceDatabase = "postgres";

    public static string To(string database, Postmaster postmaster, string? password) => new NpgsqlConnectionStringBuilder
    {
        Host = postmaster.SocketFolder ?? "127.0.0.1",
        Port = postmaster.Port,
        Username = User,
        Password = password,
        Database = database,
        MaxPoolSize = 50,
    }.ConnectionString;

    /// <summary>False while the server starts or stops; it may still come to answer.</summary>
    public static async Task<bool> AnswersAsync(Postmaster postmaster, string? password, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(postmaster, password, cancellationToken);
            return true;
        }
        catch (PostgresException problem) when (problem.SqlState is not PostgresErrorCodes.CannotConnectNow)
        {
            throw new PrivatePostgresException($"PostgreSQL process {postmaster.ProcessId} refuses us ({problem.MessageText}): stop it with 'kill {postmaster.ProcessId}' and start again.", problem);
        }
        catch (NpgsqlException)
        {
            // Starting, stopping, or not listening yet.
            return false;
        }
    }

    /// <summary>Whether the server answers and has our database, which its owner makes after the start.</summary>
    public static async Task<bool> HasDatabaseAsync(Postmaster postmaster, string? password, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(postmaster, password, cancellationToken);
            return await HasDatabaseAsync(connection, cancellationToken);
        }
        catch (NpgsqlException)
        {
            // Starting, stopping, or not listening yet.
            return false;
        }
    }

    public static async Task EnsureDatabaseAsync(Postmaster postmaster, string? password, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = await OpenAsync(postmaster, password, cancellationToken);
            if (!await HasDatabaseAsync(connection, cancellationToken))
            {
                await using var create = new NpgsqlCommand($"CREATE DATABASE {Database}", connection);
                await create.ExecuteNonQueryAsync(cancellationToken);
            }
        }
        catch (NpgsqlException problem)
        {
            throw new PrivatePostgresException($"PostgreSQL process {postmaster.ProcessId} runs but does not let us create the database '{Database}' ({problem.Message}): see its log, or set Postgres:DataDirectory to a new folder.", problem);
        }
    }

    private static async Task<bool> HasDatabaseAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("SELECT 1 FROM pg_database WHERE datname = $1", connection);
        exists.Parameters.Add(new NpgsqlParameter { Value = Database });
        return await exists.ExecuteScalarAsync(cancellationToken) is not null;
    }

    // Without a pool: a pooled connection would outlive the server and keep a fast stop busy.
    private static async Task<NpgsqlConnection> OpenAsync(Postmaster postmaster, string? password, CancellationToken cancellationToken)
    {
        var connectionString = new NpgsqlConnectionStringBuilder(To(MaintenanceDatabase, postmaster, password)) { Pooling = false, Timeout = 5 };
        var connection = new NpgsqlConnection(connectionString.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            // The caller gets no connection to dispose.
            await connection.DisposeAsync();
            throw;
        }
    }
}
