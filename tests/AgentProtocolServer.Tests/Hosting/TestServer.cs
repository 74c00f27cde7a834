using AgentProtocol.Agents;
using AgentProtocol.Engine;
using AgentProtocol.Engine.Access;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
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

    private readonly List<HttpClient> clients = [];

    private TestServer(WebApplication app, string connectionString, TestDatabase? database, TestLog log, RouteLog routes)
    {
        Routes = routes;
        this.app = app;
        this.database = database;
        this.log = log;
        ConnectionString = connectionString;
        Client = NewClient();
    }

    /// <summary>Connects to the server's database, for what no route shows.</summary>
    public string ConnectionString { get; }

    /// <summary>A caller without a key.</summary>
    public HttpClient Client { get; }

    public IServiceProvider Services => app.Services;

    /// <summary>Which routes it has answered.</summary>
    internal RouteLog Routes { get; }

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

    /// <summary>One more caller.</summary>
    public HttpClient NewClient()
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = new Uri(app.Urls.First()) };
        clients.Add(client);
        return client;
    }

    /// <summary>A caller with a key of its own, once the server knows the key.</summary>
    /// <param name="owner">Whose data the key opens.</param>
    /// <param name="scopes">What it may do; everything when none is named.</param>
    public async Task<HttpClient> ClientOfAsync(string owner, params string[] scopes)
    {
        var made = await app.Services.GetRequiredService<ApiKeys>().CreateAsync(
            owner, scopes.Length == 0 ? [AccessScopes.Admin] : scopes, name: null, expiresAt: null, CancellationToken.None);
        var client = NewClient();
        client.DefaultRequestHeaders.Add("x-api-key", made.Secret);
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await client.GetAsync("/agents/echo");
                return answer.IsSuccessStatusCode;
            },
            CancellationToken.None);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        clients.ForEach(client => client.Dispose());
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
            ["--Server:Urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={ForServer(connectionString)}", TestQueue.Setting, .. settings]);
        builder.Logging.ClearProviders().AddProvider(log);
        var routes = new RouteLog();
        builder.Services.AddSingleton<IStartupFilter>(routes);
        foreach (var agent in agents)
        {
            builder.Services.AddSingleton(agent);
        }

        var app = ServerHost.Build(builder);
        await app.StartAsync();
        return new TestServer(app, connectionString, database, log, routes);
    }
}
