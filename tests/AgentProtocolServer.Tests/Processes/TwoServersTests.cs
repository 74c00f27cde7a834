using System.Net;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary>Any process serves any run, and takes over what another leaves behind (design 5 and 7).</summary>
public sealed class TwoServersTests : IAsyncLifetime
{
    private readonly ServerProcesses servers = new();
    private HttpClient one = null!;
    private HttpClient other = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task A_run_is_streamed_joined_and_read_at_either_server(string queue)
    {
        await StartAsync(queue);
        var threadId = await one.NewThreadAsync();
        using var stream = await one.OpenStepsAsync(threadId, "steps 5 now");
        var runId = RunLogs.RunIdOf(stream);
        var elsewhere = other.ReplayAsync(threadId, runId);
        var joined = other.GetJsonAsync($"/threads/{threadId}/runs/{runId}/join");
        var events = await stream.EventsAsync().ToListAsync(Token);
        RunLogs.AssertDense(events, runId);
        Assert.Equal(events, await elsewhere);
        Assert.Equal(["human: steps 5 now", "ai: echo: steps 5 now"], (await joined).Conversation());
        Assert.Equal("success", (await other.GetJsonAsync($"/threads/{threadId}/runs/{runId}")).Text("status"));
    }

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task A_run_is_cancelled_at_the_other_server_and_says_nothing_afterwards(string queue)
    {
        await StartAsync(queue);
        var threadId = await one.NewThreadAsync();
        using var stream = await one.OpenStepsAsync(threadId, "steps 10000");
        var runId = RunLogs.RunIdOf(stream);
        await one.WaitForStatusAsync(threadId, runId, "running");
        await other.PostAsync($"/threads/{threadId}/runs/{runId}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        // Invariant 6: what is known when the cancel has answered is all there will ever be.
        var atOnce = await other.ReplayAsync(threadId, runId);
        Assert.Equal("interrupted", (await one.GetJsonAsync($"/threads/{threadId}/runs/{runId}")).Text("status"));
        Assert.Equal(atOnce, await stream.EventsAsync().ToListAsync(Token));
        Assert.Equal("idle", (await one.GetJsonAsync($"/threads/{threadId}")).Text("status"));
    }

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task The_other_server_finishes_what_a_killed_one_has_begun(string queue)
    {
        await StartAsync(queue);
        var third = await servers.ServeAsync();
        var threadId = await third.Client.NewThreadAsync();
        var runId = await third.Client.StartAsync(threadId, "steps 20");
        var queued = await third.Client.StartAsync(threadId, "behind it");
        await third.Client.WaitForStatusAsync(threadId, runId, "running");
        await third.KillAsync();
        var values = await one.GetJsonAsync($"/threads/{threadId}/runs/{queued}/join");
        Assert.Equal(["human: steps 20", "ai: echo: steps 20", "human: behind it", "ai: echo: behind it"], values.Conversation());
        RunLogs.AssertDense(await other.ReplayAsync(threadId, runId), runId);
    }

    private async Task StartAsync(string queue)
    {
        servers.Use(queue);
        one = (await servers.ServeAsync()).Client;
        other = (await servers.ServeAsync()).Client;
    }
}
