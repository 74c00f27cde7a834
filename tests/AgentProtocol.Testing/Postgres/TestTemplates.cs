using System.Collections.Concurrent;
using Npgsql;

namespace AgentProtocol.Testing.Postgres;

/// <summary>Databases prepared once per process, to be cloned for each test class.</summary>
internal sealed class TestTemplates(string adminConnectionString)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<string>>> _templates = new();

    /// <summary>The database to clone; the first caller's delegate prepares it.</summary>
    public Task<string> GetAsync(string name, Func<string, Task> prepare) =>
        _templates.GetOrAdd(name, _ => new(() => CreateAsync(name, prepare))).Value;

    public async Task DropAllAsync()
    {
        foreach (var template in _templates.Values.Where(template => template.Value.IsCompletedSuccessfully))
        {
            var database = await template.Value;
            await AdminSql.ExecuteAsync(adminConnectionString, $"DROP DATABASE IF EXISTS {database} WITH (FORCE)");
        }
    }

    private async Task<string> CreateAsync(string name, Func<string, Task> prepare)
    {
        var database = AdminSql.NewDatabaseName(name);
        var connectionString = AdminSql.ForDatabase(adminConnectionString, database);
        await AdminSql.ExecuteAsync(adminConnectionString, $"CREATE DATABASE {database}");
        await prepare(connectionString);

        // PostgreSQL clones no database that somebody is connected to, and pools linger.
        NpgsqlConnection.ClearPool(new NpgsqlConnection(connectionString));
        await AdminSql.ExecuteAsync(adminConnectionString, $"ALTER DATABASE {database} WITH ALLOW_CONNECTIONS false");
        await AdminSql.ExecuteAsync(adminConnectionString, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'");
        return database;
    }
}
