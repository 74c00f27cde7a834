using AgentProtocol.Agents;
using AgentProtocol.Engine;
using AgentProtocol.Testing.Postgres;
using AgentProtocolServer.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AgentProtocolServer.Tests.Hosting;

/// <summary>Exactly what production builds, on a free port of this machine and a database of its own.</summary>
public sealed class TestServer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly TestDatabase? database;
    private readonly TestLog log;

    private TestServer(WebApplication app, TestDatabase? database, TestLog log)
    {
        this.app = app;
        this.database = database;
        this.log = log;
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Client { get; }

    public IServiceProvider Services => app.Services;

    /// <summary>What it logged at the level of errors: nothing, when all is well.</summary>
    public string[] Errors => log.Lines(LogLevel.Error);

    /// <summary>All that it logged.</summary>
    public string Log => string.Join(Environment.NewLine, log.Lines(LogLevel.Information));

    /// <summary>A database with the schema of this build.</summary>
    public static Task<TestDatabase> CreateDatabaseAsync() =>
        TestDatabase.CreateAsync("server", connectionString => EngineSchema.MigrateAsync(connectionString, CancellationToken.None));

    /// <summary>The connection string that servers under test get: many of them share one cluster.</summary>
    public static string ForServer(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { MaxPoolSize = 20 }.ConnectionString;

    /// <summary>Starts a server on a new database, which is dropped with it.</summary>
    /// <param name="settings">Settings in the form of the command line, <c>--Section:Name=value</c>.</param>
    public static Task<TestServer> StartAsync(params string[] settings) => StartAsync([], settings);

    /// <summary>The same with agents of the test beside the server's own.</summary>
    public static async Task<TestServer> StartAsync(IReadOnlyList<AgentDefinition> agents, string[] settings)
    {
        var database = await CreateDatabaseAsync();
        return await StartAsync(database.ConnectionString, database, agents, settings);
    }

    /// <summary>Starts a server on a database that the caller owns.</summary>
    public static Task<TestServer> StartOnAsync(string connectionString, params string[] settings) => StartAsync(connectionString, null, [], settings);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        if (database is not null)
        {
            await database.DisposeAsync();
        }
    }

    private static async Task<TestServer> StartAsync(string connectionString, TestDatabase? database, IReadOnlyList<AgentDefinition> agents, string[] settings)
    {
        var log = new TestLog();
        var builder = ServerHost.CreateBuilder(
            ["--Server:Urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={ForServer(connectionString)}", .. settings]);
        builder.Logging.ClearProviders().AddProvider(log);
        foreach (var agent in agents)
        {
            builder.Services.AddSingleton(agent);
        }

        var app = ServerHost.Build(builder);
        await app.StartAsync();
        return new TestServer(app, database, log);
    }
}
