using System.Net;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.Processes;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>What <c>docker compose up</c> relies on: nodes meet an empty database, and nobody has a key yet.</summary>
public sealed class FirstStartTests : IAsyncLifetime
{
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task Four_nodes_that_start_at_once_on_an_empty_database_come_up_closed_and_open_to_the_first_key(string queue)
    {
        await using var empty = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        var database = TestServer.ForServer(empty.ConnectionString);
        ServerProcess[] nodes = [.. Enumerable.Range(0, 4).Select(_ => servers.Add(ServerProcess.Serve(database, ["--Server:Urls=http://0.0.0.0:0", "--Auth:Mode=ApiKey", .. Queues.Settings(queue)])))];
        await Task.WhenAll(nodes.Select(node => node.WaitUntilReadyAsync(Token)));
        Assert.All(nodes, node => Assert.Empty(node.Errors));
        foreach (var node in nodes)
        {
            await node.Client.SendAsync(HttpMethod.Get, "/agents/echo").RefusedAsync(HttpStatusCode.Unauthorized, "unauthorized");
        }

        var tool = servers.Add(ServerProcess.Start(["key", "create"], new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = database }));
        Assert.True(await tool.ExitAsync(TimeSpan.FromSeconds(60), Token) == 0, tool.Log);
        var key = tool.Log.Split(Environment.NewLine).Single(line => line.StartsWith("aps_", StringComparison.Ordinal));
        foreach (var node in nodes)
        {
            await AgentProtocol.Testing.Until.TrueAsync(
                async () =>
                {
                    using var answer = await node.Client.SendAsync(HttpMethod.Get, "/agents/echo", null, ("x-api-key", key));
                    return answer.IsSuccessStatusCode;
                },
                Token);
        }

        // The proxy waits for what the health check says, and the smoke test is what a person runs next.
        var (exitCode, output) = await Smoke.RunAsync(nodes[0].Client.BaseAddress!, key);
        Assert.True(exitCode == 0, output);
    }
}
