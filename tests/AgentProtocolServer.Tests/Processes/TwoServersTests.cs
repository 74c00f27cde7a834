using System.Net;
using AgentProtocol.Testing;
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

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task A_run_is_told_at_either_server(string queue)
    {
        using var agent = new PatientAgent();
        await StartAsync(queue, agent.Setting);
        var (thread, run) = await StartPatientAsync();

        // One of them does not execute it.
        await TellAsync(one, thread, run, "this");
        await Until.TrueAsync(async () => (await UpdatesAsync()) is ["delivered"], Token);
        await TellAsync(other, thread, run, "enough");

        Assert.Equal(
            ["human: hello", "human: this", "human: enough", "ai: told"], (await other.GetJsonAsync($"/threads/{thread}/runs/{run}/join")).Conversation());
        Assert.Equal(["delivered", "delivered"], await UpdatesAsync());

        async Task<string[]> UpdatesAsync() =>
            [.. (await one.GetJsonAsync($"/threads/{thread}/runs/{run}/updates")).EnumerateArray().Select(update => update.Text("status"))];
    }

    [Theory]
    [MemberData(nameof(Queues.All), MemberType = typeof(Queues))]
    public async Task A_server_without_a_worker_streams_joins_cancels_and_steers_what_a_worker_executes(string queue)
    {
        using var agent = new PatientAgent();
        servers.Use(queue);
        one = (await servers.ServeAsync(agent.Setting, "--Server:Roles=api", "--Server:Name=api")).Client;
        await servers.ServeAsync(agent.Setting, "--Server:Roles=worker", "--Server:Name=worker");

        var threadId = await one.NewThreadAsync();
        using (var stream = await one.OpenStepsAsync(threadId, "steps 3"))
        {
            var runId = RunLogs.RunIdOf(stream);
            var joined = one.GetJsonAsync($"/threads/{threadId}/runs/{runId}/join");
            var events = await stream.EventsAsync().ToListAsync(Token);
            RunLogs.AssertDense(events, runId);
            Assert.Equal([1, 2, 3], events.Steps());
            Assert.Equal(["human: steps 3", "ai: echo: steps 3"], (await joined).Conversation());
        }

        var superseded = await SleepAsync(threadId);
        Assert.Equal("worker", await servers.ScalarAsync<string>("select name from nodes where id = (select node from run_work)"));
        var instead = await one.PostAsync(
            $"/threads/{threadId}/runs/wait", new { assistant_id = Protocol.Echo, input = Protocol.Say("instead"), multitask_strategy = "interrupt" }).OkAsync();
        Assert.Equal(["human: sleep 60", "human: instead", "ai: echo: instead"], instead.Conversation()[2..]);
        Assert.Equal("interrupted", (await one.GetJsonAsync($"/threads/{threadId}/runs/{superseded}")).Text("status"));

        var cancelled = await SleepAsync(threadId);
        await one.PostAsync($"/threads/{threadId}/runs/{cancelled}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        Assert.Equal("interrupted", (await one.GetJsonAsync($"/threads/{threadId}/runs/{cancelled}")).Text("status"));

        var (thread, run) = await StartPatientAsync();
        await TellAsync(one, thread, run, "enough");
        Assert.Equal(["human: hello", "human: enough", "ai: told"], (await one.GetJsonAsync($"/threads/{thread}/runs/{run}/join")).Conversation());

        async Task<string> SleepAsync(string thread)
        {
            var run = await one.StartAsync(thread, "sleep 60");
            await one.WaitForStatusAsync(thread, run, "running");
            return run;
        }
    }

    private static async Task TellAsync(HttpClient server, string thread, string run, string text)
    {
        var update = await server.PostAsync($"/threads/{thread}/runs/{run}/updates", new { messages = new[] { new { role = "user", content = text } } }).OkAsync();
        Assert.Equal("accepted", update.Text("status"));
    }

    /// <summary>A run that goes on until it is told that it is enough.</summary>
    private async Task<(string Thread, string Run)> StartPatientAsync()
    {
        var thread = await one.NewThreadAsync();
        var run = (await one.PostAsync($"/threads/{thread}/runs", new { assistant_id = PatientAgent.Id, input = Protocol.Say("hello") }).OkAsync()).Text("run_id");
        await one.WaitForStatusAsync(thread, run, "running");
        return (thread, run);
    }

    private async Task StartAsync(string queue, params string[] settings)
    {
        servers.Use(queue);
        one = (await servers.ServeAsync(settings)).Client;
        other = (await servers.ServeAsync(settings)).Client;
    }
}
