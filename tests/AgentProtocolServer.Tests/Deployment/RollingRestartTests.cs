using System.Globalization;
using System.Net;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.Processes;
using Xunit;

namespace AgentProtocolServer.Tests.Deployment;

/// <summary>A new version comes in: the nodes behind the proxy end and start again, one after the other (design 5, drain; wire-contract 6.1 and 6.8).</summary>
public sealed class RollingRestartTests : IAsyncLifetime
{
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task Streams_go_on_without_a_gap_and_no_attempt_is_spent(string queue)
    {
        servers.Use(queue);
        string[] addresses = [.. Enumerable.Range(0, 2).Select(_ => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Take()}"))];
        ServerProcess[] nodes = [await ServeAsync(addresses[0]), await ServeAsync(addresses[1])];
        await using var nginx = await NginxProcess.StartAsync(addresses);
        using var client = new HttpClient { BaseAddress = nginx.Address };
        var thread = await client.NewThreadAsync();
        string run;
        using (var stream = await client.OpenStepsAsync(thread, "steps 10000"))
        {
            run = RunLogs.RunIdOf(stream);
        }

        RunFollower events = new(client, thread, run);
        SocketFollower socket = new(nginx.Address, thread);
        var following = Task.WhenAll(events.FollowAsync(), socket.FollowAsync());

        foreach (var node in Enumerable.Range(0, 2))
        {
            await MoreAsync();
            nodes[node].Terminate();
            Assert.Equal(0, await nodes[node].ExitAsync(TimeSpan.FromSeconds(60), Token));
            await MoreAsync();
            nodes[node] = await ServeAsync(addresses[node]);
        }

        await MoreAsync();
        Assert.Equal(0, await servers.ScalarAsync<int>("select max(losses + failures)::int from run_work"));
        await client.PostAsync($"/threads/{thread}/runs/{run}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        await following;

        Assert.True(events.Returns > 0 && socket.Returns > 0, $"{events.Returns} and {socket.Returns} connections were broken: nothing was shown.");
        RunLogs.AssertDense(events.Seen, run);
        Assert.Equal(await client.ReplayAsync(thread, run), events.Seen);
        Assert.Equal(Enumerable.Range(1, events.Seen.Steps().Length), events.Seen.Steps());
        SocketFollower afterwards = new(nginx.Address, thread);
        await afterwards.FollowAsync();
        Assert.Equal(afterwards.Seen.Select(item => item.GetRawText()), socket.Seen.Select(item => item.GetRawText()));

        // Both were seen to read on, so that what breaks next breaks under them.
        Task MoreAsync()
        {
            var (read, heard) = (events.Seen.Count, socket.Seen.Count);
            return Until.TrueAsync(() => Task.FromResult(events.Seen.Count > read + 3 && socket.Seen.Count > heard + 3), Token);
        }
    }

    private Task<ServerProcess> ServeAsync(string address) => servers.ServeAsync($"--Server:Urls=http://{address}");
}
