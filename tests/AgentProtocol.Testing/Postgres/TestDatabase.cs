using Npgsql;

namespace AgentProtocol.Testing.Postgres;

/// <summary>A database of its own, cloned from a prepared template and dropped at once on dispose.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _adminConnectionString;
    private readonly string _name;

    private TestDatabase(string adminConnectionString, string name)
    {
        _adminConnectionString = adminConnectionString;
        _name = name;
        ConnectionString = AdminSql.ForDatabase(adminConnectionString, name);
    }

    /// <summary>Connects to this database.</summary>
    public string ConnectionString { get; }

    /// <summary>Clones a template; its first use in this process prepares it.</summary>
    /// <param name="template">The template's name in lower-case letters, digits and underscores.</param>
    /// <param name="prepare">Migrates or fills the template, given its connection string.</param>
    public static async Task<TestDatabase> CreateAsync(string template, Func<string, Task> prepare)
    {
        var cluster = await TestCluster.GetAsync();
        var source = await cluster.Templates.GetAsync(template, prepare);
        var name = AdminSql.NewDatabaseName("db");
        await AdminSql.ExecuteAsync(cluster.ConnectionString, $"CREATE DATABASE {name} TEMPLATE {source}");
        return new TestDatabase(cluster.ConnectionString, name);
    }

    /// <summary>Drops the database under whoever is still connected.</summary>
    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearPool(new NpgsqlConnection(ConnectionString));
        await AdminSql.ExecuteAsync(_adminConnectionString, $"DROP DATABASE IF EXISTS {_name} WITH (FORCE)");
    }
}
