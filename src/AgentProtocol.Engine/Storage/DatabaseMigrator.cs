using System.Reflection;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Brings a database to the schema of this build. Any number of nodes may try at once; one does it.</summary>
internal static class DatabaseMigrator
{
    /// <summary>Any number, but the same in every version: it is what nodes lock each other out with.</summary>
    private const long AdvisoryLock = 0x4150_5345_5256;

    private static readonly string[] MigrationIds =
        [.. typeof(DatabaseMigrator).Assembly.GetTypes()
            .Select(type => type.GetCustomAttribute<MigrationAttribute>()?.Id)
            .OfType<string>()
            .Order(StringComparer.Ordinal)];

    /// <summary>Applies what is missing, and makes the event partitions of the coming days.</summary>
    public static Task MigrateAsync(string connectionString, TimeProvider time, CancellationToken cancellationToken) =>
        AloneAsync(
            connectionString,
            async connection =>
            {
                // EF Core takes most of a second to build its model, which a start of an existing server need not pay.
                if (!await IsCurrentAsync(connection, cancellationToken))
                {
                    await using var context = CreateContext(connection.ConnectionString);
                    await context.Database.MigrateAsync(cancellationToken);
                }

                await EventPartitions.EnsureAsync(connection, time.GetUtcNow(), cancellationToken);
            },
            cancellationToken);

    /// <summary>Changes the schema on a connection of its own, while nobody else does.</summary>
    public static async Task AloneAsync(string connectionString, Func<NpgsqlConnection, Task> change, CancellationToken cancellationToken)
    {
        // The password stays in the connection's string: another connection may be made from it. However long a change takes,
        // whoever waits for it waits, and whoever makes it does not give up.
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, PersistSecurityInfo = true, CommandTimeout = 0 };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_lock({AdvisoryLock})", cancellationToken);
        await change(connection);
        await ExecuteAsync(connection, $"select pg_advisory_unlock({AdvisoryLock})", cancellationToken);
    }

    /// <summary>The same as one SQL script that may be run on any earlier version.</summary>
    public static string GenerateScript()
    {
        using var context = CreateContext("Host=none");
        return context.GetService<IMigrator>().GenerateScript(options: MigrationsSqlGenerationOptions.Idempotent);
    }

    private static ProtocolDbContext CreateContext(string connectionString) => new(
        new DbContextOptionsBuilder<ProtocolDbContext>()
            .UseNpgsql(connectionString)
            .ConfigureWarnings(warnings => warnings
                // Migrations are written by hand and have no model snapshot to compare with; a test compares catalogues.
                .Ignore(RelationalEventId.PendingModelChangesWarning)
                // On an empty database EF Core asks for its history table first and would log that as an error.
                .Log((RelationalEventId.CommandError, LogLevel.Debug)))
            .Options);

    private static async Task<bool> IsCurrentAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var exists = new NpgsqlCommand("select to_regclass('\"__EFMigrationsHistory\"') is not null", connection);
        if (!(bool)(await exists.ExecuteScalarAsync(cancellationToken))!)
        {
            return false;
        }

        await using var applied = new NpgsqlCommand(
            "select count(*) = cardinality($1) from \"__EFMigrationsHistory\" where \"MigrationId\" = any($1)", connection);
        applied.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = MigrationIds });
        return (bool)(await applied.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
