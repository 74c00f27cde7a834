using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using AgentProtocol.Hangfire;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>How the executable starts, and how it says that it cannot.</summary>
public sealed class StartTests : IAsyncLifetime
{
    private const string Unreachable = "Host=127.0.0.1;Port=1;Username=x;Database=x";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task A_healthy_first_start_says_where_it_is_and_nothing_red()
    {
        var started = Stopwatch.GetTimestamp();
        var server = await servers.ServeAsync();
        // Promised in 3 s; ten times that leaves room for a busy machine.
        Assert.InRange(Stopwatch.GetElapsedTime(started), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        var url = server.Client.BaseAddress!.ToString().TrimEnd('/');
        await Until.TrueAsync(() => Task.FromResult(server.Log.Contains("curl", StringComparison.Ordinal)), Token);
        Assert.Contains($"API         {url}", server.Log, StringComparison.Ordinal);
        Assert.Contains($"{url}/swagger", server.Log, StringComparison.Ordinal);
        Assert.Contains("echo (echo)", server.Log, StringComparison.Ordinal);
        AssertNothingRed(server);
    }

    [Fact]
    public async Task A_data_folder_belongs_to_one_server_at_a_time()
    {
        await MissingPostgres.SkipOrFailWithoutProgramsAsync(Token);
        var folder = LeftoverClusters.NewFolder();
        string[] arguments = ["serve", "--Server:Urls=http://127.0.0.1:0", $"--Postgres:DataDirectory={folder}"];
        var first = servers.Add(ServerProcess.Start(arguments));
        await first.WaitUntilReadyAsync(Token);
        AssertNothingRed(first);

        await RefusesAsync(string.Create(CultureInfo.InvariantCulture, $"already in use by process {first.Id}"), arguments);

        // A tool does not want the folder for itself: it uses the PostgreSQL that the server runs.
        var (exitCode, tool) = await RunAsync("key", "create", $"--Postgres:DataDirectory={folder}");
        Assert.True(exitCode == 0, tool.Log);
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await first.Client.GetAsync("/agents/echo", Token);
                return answer.StatusCode == HttpStatusCode.Unauthorized;
            },
            Token);
        Assert.Equal("true", (await first.Client.GetJsonAsync("/ok?check_db=1")).GetProperty("ok").GetRawText());
        first.Terminate();
        Assert.Equal(0, await first.ExitAsync(Limit, Token));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_port_in_use_is_one_line_that_names_the_setting()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await RefusesAsync("Server:Urls", "serve", $"--Server:Urls=http://127.0.0.1:{port}", await DatabaseSettingAsync());
        // It had joined the others by then, and has left them again.
        Assert.Equal(0, await servers.ScalarAsync<long>("select count(*) from nodes"));
    }

    [Theory]
    [InlineData("Runs:MaxConcurrent", "--Runs:MaxConcurrent=0")]
    [InlineData("Runs:Queue", "--Runs:Queue=Rabbit")]
    [InlineData("Limits:MaxBodyBytes", "--Limits:MaxBodyBytes=1")]
    [InlineData("Server:Roles", "--Server:Roles=none")]
    [InlineData("Server:Urls", "--Server:Urls=nonsense")]
    [InlineData("Limits:RequestsPerSecond", "--Limits:RequestsPerSecond=-1")]
    [InlineData("Auth:Mode", "--Auth:Mode=Open")]
    [InlineData("Auth:Mode=Host is for apps that embed the library", "--Auth:Mode=Host")]
    [InlineData("Auth:OwnerClaim", "--Auth:OwnerClaim=")]
    [InlineData("Cors:Origins", "--Cors:Origins=https://one.example.com;two.example.com")]
    [InlineData("Agents:File", "--Agents:File=/nowhere/agents.json")]
    [InlineData("Agents:Default", "--Agents:Default=nobody")]
    public async Task A_setting_that_cannot_be_is_one_line_that_names_it(string name, string setting) =>
        await RefusesAsync(name, "serve", "--Server:Urls=http://127.0.0.1:0", await DatabaseSettingAsync(), setting);

    [Fact]
    public async Task A_queue_that_is_not_built_in_is_one_line_that_says_how_to_build_it()
    {
        Assert.SkipWhen(HangfireQueue.IsBuiltIn, "This build has Hangfire");
        await RefusesAsync("UseHangfire=true", "serve", "--Server:Urls=http://127.0.0.1:0", await DatabaseSettingAsync(), "--Runs:Queue=Hangfire");
    }

    [Theory]
    [InlineData("--Server:Urls=http://*:0")]
    [InlineData("--Server:Urls=http://+:0")]
    [InlineData("--Server:Urls=http://0.0.0.0:0")]
    [InlineData("--Server:Urls=http://[::]:0")]
    [InlineData("--Server:Urls=http://agents.example:0")]
    [InlineData("--Server:Urls=http://localhost.example:0")]
    [InlineData("--Server:Urls=http://localhost.:0")]
    [InlineData("--Server:Urls=http://127.0.0.1:0;http://10.1.2.3:0")]
    [InlineData("--Kestrel:Endpoints:Web:Url=http://*:0")]
    public async Task A_server_that_others_can_reach_without_a_key_is_one_line_that_says_how_to_close_it(string setting) =>
        await RefusesAsync("agentprotocol key create", "serve", "--Server:Urls=http://127.0.0.1:0", setting, await DatabaseSettingAsync());

    [Fact]
    public async Task Others_may_reach_it_when_that_is_said_or_there_is_a_key()
    {
        await servers.ServeAsync("--Server:Urls=http://0.0.0.0:0", "--Auth:Mode=None");
        var (exitCode, process) = await RunAsync("key", "create", await DatabaseSettingAsync());
        Assert.True(exitCode == 0, process.Log);
        var closed = await servers.ServeAsync("--Server:Urls=http://0.0.0.0:0");
        await closed.Client.SendAsync(HttpMethod.Get, "/agents/echo").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        Assert.Contains("Access      with an API key", closed.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Hosst=127.0.0.1")]
    [InlineData("nonsense")]
    public Task A_connection_string_that_is_none_is_one_line_that_names_the_setting(string connectionString) =>
        RefusesAsync("ConnectionStrings:Postgres", "serve", "--Server:Urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={connectionString}");

    [Fact]
    public Task A_database_that_cannot_be_reached_is_one_line_that_names_the_setting() =>
        RefusesAsync("ConnectionStrings:Postgres", "migrate", $"--ConnectionStrings:Postgres={Unreachable}");

    [Fact]
    public async Task A_server_that_waits_for_its_database_can_be_stopped()
    {
        var server = servers.Add(ServerProcess.Start(["serve", "--Server:Urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Unreachable}"]));
        await Until.TrueAsync(() => Task.FromResult(server.Log.Contains("does not answer yet", StringComparison.Ordinal)), Token);
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync(Limit, Token));
        AssertNothingRed(server);
    }

    [Fact]
    public async Task A_database_that_does_not_exist_is_one_line_that_says_so()
    {
        var missing = new Npgsql.NpgsqlConnectionStringBuilder((await servers.DatabaseAsync()).ConnectionString) { Database = "nowhere" };
        await RefusesAsync("does not exist", "serve", "--Server:Urls=http://127.0.0.1:0", $"--ConnectionStrings:Postgres={missing.ConnectionString}");
    }

    [Fact]
    public async Task Migrate_prints_its_script_without_a_database()
    {
        var (exitCode, process) = await RunAsync("migrate", "--script");
        Assert.Equal(0, exitCode);
        Assert.Contains("create table threads", process.Log, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(process.Errors);
    }

    [Fact]
    public async Task Migrate_brings_an_empty_database_up_to_date_twice()
    {
        await using var empty = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        for (var i = 0; i < 2; i++)
        {
            var (exitCode, process) = await RunAsync("migrate", $"--ConnectionStrings:Postgres={empty.ConnectionString}");
            Assert.True(exitCode == 0, process.Log);
            AssertNothingRed(process);
        }
    }

    [Theory]
    [InlineData("help", 0)]
    [InlineData("--help", 0)]
    [InlineData("dance", 2)]
    public async Task Help_is_given_when_asked_for_and_for_an_unknown_verb(string verb, int expected)
    {
        var (exitCode, process) = await RunAsync(verb);
        Assert.Equal(expected, exitCode);
        Assert.Contains("agentprotocol migrate --script", process.Log, StringComparison.Ordinal);
        Assert.Equal(expected != 0, process.Errors.Count > 0);
    }

    private static void AssertNothingRed(ServerProcess server)
    {
        Assert.Empty(server.Errors);
        Assert.DoesNotContain(" ERR ", server.Log, StringComparison.Ordinal);
        Assert.DoesNotContain(" FTL ", server.Log, StringComparison.Ordinal);
    }

    private async Task<string> DatabaseSettingAsync() => $"--ConnectionStrings:Postgres={(await servers.DatabaseAsync()).ConnectionString}";

    /// <summary>The start ends with 1 and one line, and there is no stack trace anywhere.</summary>
    private async Task RefusesAsync(string expected, params string[] arguments)
    {
        var (exitCode, process) = await RunAsync(arguments);
        Assert.True(exitCode == 1, process.Log);
        var line = Assert.Single(process.Errors);
        Assert.StartsWith("agentprotocol: ", line, StringComparison.Ordinal);
        Assert.Contains(expected, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Log, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, ServerProcess Process)> RunAsync(params string[] arguments)
    {
        var process = servers.Add(ServerProcess.Start(arguments));
        return (await process.ExitAsync(Limit, Token), process);
    }
}
