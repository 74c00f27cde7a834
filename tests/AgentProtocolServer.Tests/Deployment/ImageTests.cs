using System.Globalization;
using System.Net;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.Processes;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>The image as far as it can be tried without a container engine: its contents, started as its Dockerfile says.</summary>
public sealed class ImageTests(PublishedImage image) : IClassFixture<PublishedImage>, IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly ServerProcesses servers = new();
    private CuttingProxy? database;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await servers.DisposeAsync();
        if (database is not null)
        {
            await database.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_container_without_rights_and_with_nothing_to_write_to_serves_and_says_that_it_is_healthy()
    {
        await ImageProcess.RequireAsync();
        await image.PublishAsync();
        var file = ImageFile.Current;

        // The private PostgreSQL of the tests may listen on a socket that only its own user can reach; the proxy listens like a server.
        database = new CuttingProxy(TestServer.ForServer((await servers.DatabaseAsync()).ConnectionString));
        var variables = new Dictionary<string, string>
        {
            ["ConnectionStrings__Postgres"] = database.ConnectionString,
            ["Auth__Mode"] = "ApiKey",

            // The image's own port may be taken on a machine that is no container.
            ["Server__Urls"] = file.Environment["Server__Urls"].Replace(
                file.Port.ToString(CultureInfo.InvariantCulture), FreePort.Take().ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal),
        };
        var server = servers.Add(ImageProcess.Start(image, [.. file.EntryPoint, .. file.Command], variables));
        await server.WaitUntilReadyAsync(Token);
        Assert.Empty(server.Errors);
        AssertPowerless(server, file.User);

        Assert.Equal("ready", (await RunAsync(file.HealthCheck, variables)).Log);
        await server.Client.SendAsync(HttpMethod.Get, "/agents/echo").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");

        // As `docker compose exec node-1 agentprotocol key create` does, with the executable that PATH has first.
        var made = await RunAsync([$"{file.Environment["PATH"].Split(':')[0]}/agentprotocol", "key", "create"], variables);
        var key = made.Log.Split(Environment.NewLine).Single(line => line.StartsWith("aps_", StringComparison.Ordinal));
        await Until.TrueAsync(
            async () =>
            {
                using var answer = await server.Client.SendAsync(HttpMethod.Get, "/agents/echo", null, ("x-api-key", key));
                return answer.IsSuccessStatusCode;
            },
            Token);
        var (exitCode, output) = await Smoke.RunAsync(server.Client.BaseAddress!, key);
        Assert.True(exitCode == 0, output);

        server.Terminate();
        Assert.Equal(0, await server.ExitAsync(Limit, Token));
    }

    [Fact]
    public void The_image_does_not_run_as_root() =>
        Assert.InRange(int.Parse(ImageFile.Current.User, CultureInfo.InvariantCulture), 1, int.MaxValue);

    private static void AssertPowerless(ServerProcess server, string user)
    {
        var status = File.ReadLines($"/proc/{server.Id}/status").Select(line => line.Split(':', 2)).ToDictionary(pair => pair[0], pair => pair[1].Trim());
        Assert.Equal(string.Join('\t', Enumerable.Repeat(user, 4)), status["Uid"]);
        Assert.Equal(string.Join('\t', Enumerable.Repeat(user, 4)), status["Gid"]);
        Assert.Equal("", status["Groups"]);
        Assert.Equal("0000000000000000", status["CapEff"]);
        Assert.Equal("1", status["NoNewPrivs"]);
    }

    private async Task<ServerProcess> RunAsync(IEnumerable<string> command, Dictionary<string, string> variables)
    {
        var process = servers.Add(ImageProcess.Start(image, command, variables));
        Assert.True(await process.ExitAsync(Limit, Token) == 0, process.Log);
        return process;
    }
}
