using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary>The async-subagent middleware of the Python package <c>deepagents</c> (wire-contract 2.1).</summary>
public sealed class DeepAgentsTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /threads", Client.DeepAgents)]
    [Proves("POST /threads/{thread_id}/runs", Client.DeepAgents)]
    [Proves("GET /threads/{thread_id}/runs/{run_id}", Client.DeepAgents)]
    [Proves("GET /threads/{thread_id}", Client.DeepAgents)]
    [Proves("POST /threads/{thread_id}/runs/{run_id}/cancel", Client.DeepAgents)]
    public async Task A_task_is_started_checked_steered_and_cancelled()
    {
        var task = (await sdk.PostAsync("/threads", "{}")).Text("thread_id");
        var run = (await sdk.PostAsync($"/threads/{task}/runs", Body("sleep 60 first", ""))).Text("run_id");
        await StatusAsync(task, run, "running");

        var next = (await sdk.PostAsync($"/threads/{task}/runs", Body("now this", ""","multitask_strategy":"interrupt" """))).Text("run_id");
        await StatusAsync(task, next, "success");
        // Trap 18: the result is read from the thread, and is there as soon as the status says so.
        var messages = (await sdk.GetAsync($"/threads/{task}")).GetProperty("values").GetProperty("messages");
        Assert.Equal("echo: now this", messages[messages.GetArrayLength() - 1].Text("content"));
        Assert.Equal("sleep 60 first", messages[0].Text("content"));
        await sdk.PostAsync($"/threads/{task}/runs/{next}/cancel?wait=0&action=interrupt");

        var last = (await sdk.PostAsync($"/threads/{task}/runs", Body("sleep 60", ""))).Text("run_id");
        await sdk.PostAsync($"/threads/{task}/runs/{last}/cancel?wait=0&action=interrupt");
        await StatusAsync(task, last, "interrupted");
        var failing = (await sdk.PostAsync($"/threads/{task}/runs", Body("fail boom", ""))).Text("run_id");
        await StatusAsync(task, failing, "error");
        Assert.Equal("boom", (await sdk.GetAsync($"/threads/{task}/runs/{failing}")).Text("error"));
    }

    private static string Body(string text, string more) =>
        RunsClientTests.Body(text, $""","stream_mode":"values","stream_subgraphs":false,"stream_resumable":false{more}""");

    private Task StatusAsync(string task, string run, string status) => Until.TrueAsync(
        async () => (await sdk.GetAsync($"/threads/{task}/runs/{run}")).Text("status") == status, TestContext.Current.CancellationToken, condition: status);
}
