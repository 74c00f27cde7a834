using AgentProtocol.Engine;

namespace AgentProtocol.Testing.Postgres;

/// <summary>One database with the current schema per test class.</summary>
public sealed class MigratedPostgres() : PostgresFixture(Template, PrepareAsync)
{
    private const string Template = "engine";

    /// <summary>One more such database, for a test that must be alone in it.</summary>
    public static Task<TestDatabase> CreateAsync() => TestDatabase.CreateAsync(Template, PrepareAsync);

    private static Task PrepareAsync(string connectionString) => EngineSchema.MigrateAsync(connectionString, CancellationToken.None);
}
