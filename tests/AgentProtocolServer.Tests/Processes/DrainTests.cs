using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>SIGTERM hands back what runs (design 5, drain; wire-contract 6.8 and trap 39).</summary>
public sealed class DrainTests : IAsyncLifetime
{
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task Trap_39_a_terminated_server_hands_its_runs_back_and_breaks_its_streams(string queue)
    {
        servers.Use(queue);
        var first = await servers.ServeAsync();
        var client = first.Client;
        var (stepping, sleeping) = (await client.NewThreadAsync(), await client.NewThreadAsync());
        var sleeper = await client.StartAsync(sleeping, "sleep 60");
        await client.WaitForStatusAsync(sleeping, sleeper, "running");

        var seen = new List<SseEvent>();
        string stepper;
        using (var stream = await client.OpenStepsAsync(stepping, "steps 50"))
        {
            stepper = RunLogs.RunIdOf(stream);
            await using var reading = stream.EventsAsync().GetAsyncEnumerator(Token);
            while (seen.Steps().Length < 5 && await reading.MoveNextAsync())
            {
                seen.Add(reading.Current);
            }

            first.Terminate();
            await RunLogs.ReadUntilBrokenAsync(reading, seen);
        }

        Assert.Equal(0, await first.ExitAsync(TimeSpan.FromSeconds(60), Token));
        Assert.DoesNotContain(" ERR ", first.Log, StringComparison.Ordinal);
        Assert.Equal(2, await servers.ScalarAsync<long>("select count(*) from run_work where state = 2 and node is null and losses = 0 and failures = 0"));
        Assert.Equal(0, await servers.ScalarAsync<long>("select count(*) from nodes"));

        var second = await servers.ServeAsync();
        var values = await second.Client.GetJsonAsync($"/threads/{stepping}/runs/{stepper}/join");
        Assert.Equal(["human: steps 50", "ai: echo: steps 50"], values.Conversation());
        var events = await second.Client.ReplayAsync(stepping, stepper);
        RunLogs.AssertDense(events, stepper);
        // Not one step was done twice: the second process went on where the first had come to.
        Assert.Equal(Enumerable.Range(1, 50), events.Steps());
        Assert.Equal(seen, events.Take(seen.Count));

        await second.Client.WaitForStatusAsync(sleeping, sleeper, "running");
        await second.Client.PostAsync($"/threads/{sleeping}/runs/{sleeper}/cancel?wait=1").EmptyAsync(System.Net.HttpStatusCode.NoContent);
    }
}
