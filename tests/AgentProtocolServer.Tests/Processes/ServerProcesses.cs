using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>The server processes of one test over one database; what they logged is shown when the test fails.</summary>
public sealed class ServerProcesses : IAsyncDisposable
{
    private readonly List<ServerProcess> started = [];
    private TestDatabase? database;
    private string[] common = [];

    /// <summary>The database that they share.</summary>
    public async Task<TestDatabase> DatabaseAsync() => database ??= await TestServer.CreateDatabaseAsync();

    /// <summary>Gives the servers that follow a queue; skips the test where the build does not have it.</summary>
    public void Use(string queue) => common = Queues.Settings(queue);

    /// <summary>Starts one more server and waits until it answers.</summary>
    public async Task<ServerProcess> ServeAsync(params string[] settings)
    {
        var server = Add(ServerProcess.Serve(TestServer.ForServer((await DatabaseAsync()).ConnectionString), [.. common, .. settings]));
        await server.WaitUntilReadyAsync(TestContext.Current.CancellationToken);
        return server;
    }

    /// <summary>Looks after a process that the test has started itself.</summary>
    public ServerProcess Add(ServerProcess process)
    {
        started.Add(process);
        return process;
    }

    /// <summary>Reads from the database what no route shows.</summary>
    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new Npgsql.NpgsqlConnection((await DatabaseAsync()).ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in started)
        {
            if (TestContext.Current.TestState?.Result == TestResult.Failed)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"Process {server.Id} wrote:{Environment.NewLine}{server.Log}");
            }

            await server.DisposeAsync();
        }

        if (database is not null)
        {
            await database.DisposeAsync();
        }
    }
}
