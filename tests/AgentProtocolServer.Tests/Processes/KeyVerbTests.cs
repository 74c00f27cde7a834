using System.Net;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary><c>agentprotocol key</c>: keys from the command line.</summary>
public sealed class KeyVerbTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task The_first_key_opens_what_was_there_and_a_revoked_one_nothing_more()
    {
        var server = await servers.ServeAsync();
        var thread = await server.Client.NewThreadAsync();

        var made = await RunAsync("key", "create", "--name", "supervisor", "--expires=90d");
        var key = Assert.Single(made.Log.Split(Environment.NewLine), line => line.StartsWith("aps_", StringComparison.Ordinal));
        Assert.Contains("It is the first one", made.Log, StringComparison.Ordinal);
        Assert.Contains("owner \"local\"", made.Log, StringComparison.Ordinal);
        await StatusSoonAsync(server, thread, null, HttpStatusCode.Unauthorized);
        await StatusSoonAsync(server, thread, key, HttpStatusCode.OK);

        var other = await RunAsync("key", "create", "--Auth:Mode", "ApiKey", "--owner", "team", "--scope", "read");
        Assert.DoesNotContain("It is the first one", other.Log, StringComparison.Ordinal);
        var list = (await RunAsync("key", "list")).Log;
        Assert.Contains("supervisor", list, StringComparison.Ordinal);
        Assert.Contains("team", list, StringComparison.Ordinal);
        Assert.DoesNotContain(key, list, StringComparison.Ordinal);

        await RunAsync("key", "revoke", key[..16]);
        await StatusSoonAsync(server, thread, key, HttpStatusCode.Unauthorized);
        Assert.Contains("revoked", (await RunAsync("key", "list")).Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_can_be_made_before_the_server_has_ever_run()
    {
        await MissingPostgres.SkipOrFailWithoutProgramsAsync(Token);
        var folder = LeftoverClusters.NewFolder();
        var setting = $"--Postgres:DataDirectory={folder}";
        var made = servers.Add(ServerProcess.Start(["key", "create", setting]));
        Assert.True(await made.ExitAsync(Limit, Token) == 0, made.Log);
        var server = servers.Add(ServerProcess.Start(["serve", "--Server:Urls=http://0.0.0.0:0", setting]));
        await server.WaitUntilReadyAsync(Token);
        await server.Client.SendAsync(HttpMethod.Get, "/agents/echo").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        server.Terminate();
        Assert.Equal(0, await server.ExitAsync(Limit, Token));
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("--scope", "key", "create", "--scope=write")]
    [InlineData("--owner", "key", "create", "--owner=")]
    [InlineData("--expires", "key", "create", "--expires", "soon")]
    [InlineData("has passed", "key", "create", "--expires", "2020-01-01")]
    [InlineData("needs a value", "key", "create", "--name")]
    [InlineData("--name needs a value", "key", "create", "--name", "--scope=admin")]
    [InlineData("\"alice\": it takes --owner, --name, --scope, --expires", "key", "create", "alice", "--scope", "admin")]
    [InlineData("\"alice\"", "key", "create", "--name", "bob", "alice")]
    [InlineData("\"--scopes\"", "key", "create", "--scopes", "admin")]
    [InlineData("\"--expire\"", "key", "create", "--Auth:Mode", "ApiKey", "--expire=90d")]
    [InlineData("there is no key", "key", "revoke", "aps_nobody")]
    public async Task A_mistake_is_one_line(string expected, params string[] arguments)
    {
        var process = await StartAsync(arguments);
        Assert.Equal(1, await process.ExitAsync(Limit, Token));
        Assert.Contains(expected, Assert.Single(process.Errors), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_verb_shows_how_it_is_used()
    {
        var process = await StartAsync("key", "polish");
        Assert.Equal(2, await process.ExitAsync(Limit, Token));
        Assert.Contains("agentprotocol key revoke", process.Log, StringComparison.Ordinal);
    }

    private static Task StatusSoonAsync(ServerProcess server, string thread, string? key, HttpStatusCode status) => Until.TrueAsync(
        async () =>
        {
            using var answer = await server.Client.SendAsync(HttpMethod.Get, $"/threads/{thread}", null, key is null ? [] : [("x-api-key", key)]);
            return answer.StatusCode == status;
        },
        Token);

    private async Task<ServerProcess> StartAsync(params string[] arguments) => servers.Add(ServerProcess.Start(
        arguments, new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = (await servers.DatabaseAsync()).ConnectionString }));

    private async Task<ServerProcess> RunAsync(params string[] arguments)
    {
        var process = await StartAsync(arguments);
        Assert.True(await process.ExitAsync(Limit, Token) == 0, process.Log);
        return process;
    }
}
