using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

public sealed class TestDatabaseTests(TestDatabaseTests.Database database) : IClassFixture<TestDatabaseTests.Database>
{
    private static int _prepared;

    [Fact]
    public async Task The_template_is_prepared_once_and_each_clone_is_its_own()
    {
        await using var second = await TestDatabase.CreateAsync("self_test", Prepare);

        await Sql.RunAsync(second.ConnectionString, "UPDATE seed SET value = 2");

        Assert.Equal(1, await Sql.RunAsync(database.ConnectionString, "SELECT value FROM seed"));
        Assert.Equal(1, _prepared);
    }

    [Fact]
    public async Task A_disposed_database_is_gone_at_once_even_while_connected()
    {
        var dropped = await TestDatabase.CreateAsync("self_test", Prepare);
        await using var connection = new NpgsqlConnection(dropped.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        await dropped.DisposeAsync();

        var gone = await Assert.ThrowsAsync<PostgresException>(() => Sql.RunAsync(dropped.ConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidCatalogName, gone.SqlState);
    }

    private static async Task Prepare(string connectionString)
    {
        Interlocked.Increment(ref _prepared);
        await Sql.RunAsync(connectionString, "CREATE TABLE seed AS SELECT 1 AS value");
    }

    public sealed class Database() : PostgresFixture("self_test", Prepare);
}
