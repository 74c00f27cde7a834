using System.Net;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>The database crashes and comes back under a running server (design 3, invariant 1, and design 7).</summary>
public sealed class DatabaseRestartTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task The_server_waits_and_says_so_and_loses_nothing_that_it_has_acknowledged(string queue)
    {
        await using var postgres = await OwnPostgres.StartAsync(Token);
        await using var servers = new ServerProcesses();
        var server = servers.Add(ServerProcess.Serve(postgres.ConnectionString, Queues.Settings(queue)));
        await server.WaitUntilReadyAsync(Token);
        var client = server.Client;
        var thread = await client.NewThreadAsync();
        string run;
        using (var stream = await client.OpenStepsAsync(thread, "steps 30"))
        {
            run = RunLogs.RunIdOf(stream);
            await using var reading = stream.EventsAsync().GetAsyncEnumerator(Token);
            while (await reading.MoveNextAsync() && reading.Current.Name != "custom")
            {
                // It has to be at work when the database goes.
            }
        }

        var behind = await client.StartAsync(thread, "behind it");
        await postgres.RestartAtOnceAsync(
            async () =>
            {
                await ReadyAsync(HttpStatusCode.ServiceUnavailable);
                Assert.Equal(HttpStatusCode.OK, await StatusAsync("/health/live"));
                await client.SendAsync(HttpMethod.Get, $"/threads/{thread}").RefusedAsync(HttpStatusCode.ServiceUnavailable, "unavailable");
                Assert.False(server.HasExited);
            },
            Token);
        await ReadyAsync(HttpStatusCode.OK);

        var values = await client.GetJsonAsync($"/threads/{thread}/runs/{behind}/join");
        Assert.Equal(["human: steps 30", "ai: echo: steps 30", "human: behind it", "ai: echo: behind it"], values.Conversation());
        var events = await client.ReplayAsync(thread, run);
        RunLogs.AssertDense(events, run);
        Assert.Equal(Enumerable.Range(1, 30), events.Steps().Distinct());
        Assert.False(server.HasExited);

        Task ReadyAsync(HttpStatusCode status) => Until.TrueAsync(async () => await StatusAsync("/health/ready") == status, Token, condition: $"/health/ready is {status}");

        async Task<HttpStatusCode> StatusAsync(string path)
        {
            using var answer = await client.GetAsync(path, Token);
            return answer.StatusCode;
        }
    }
}
