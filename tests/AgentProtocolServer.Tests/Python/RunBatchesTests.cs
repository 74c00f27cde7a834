using System.Net;
using AgentProtocol.Testing;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>create_batch</c> and <c>cancel_many</c> of <c>client.runs</c> (wire-contract 4.3).</summary>
public sealed class RunBatchesTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /runs/batch", Client.PythonSdk)]
    public async Task Create_batch_sends_a_list_and_reads_one_in_its_order()
    {
        var runs = await sdk.PostAsync("/runs/batch", $"[{RunsClientTests.Body("a", "")},{RunsClientTests.Body("b", "")}]");
        Assert.Equal(
            ["a", "b"], runs.EnumerateArray().Select(run => run.GetProperty("kwargs").GetProperty("input").GetProperty("messages")[0].Text("content")));
        await sdk.RefusedAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Post, "/runs/batch", "[]");
    }

    [Fact]
    [Proves("POST /runs/cancel", Client.PythonSdk)]
    public async Task Cancel_many_names_runs_or_a_status()
    {
        var thread = await fixture.Client.NewThreadAsync();
        var run = await fixture.Client.StartAsync(thread, "sleep 60");
        await sdk.PostAsync("/runs/cancel?action=interrupt", $$"""{"thread_id":"{{thread}}","run_ids":["{{run}}"]}""");
        await Until.TrueAsync(async () => (await sdk.GetAsync($"/threads/{thread}/runs/{run}")).Text("status") == "interrupted", TestContext.Current.CancellationToken);
        var other = await fixture.Client.StartAsync(thread, "sleep 60");
        await sdk.PostAsync("/runs/cancel?action=interrupt", """{"status":"all"}""");
        await Until.TrueAsync(async () => (await sdk.GetAsync($"/threads/{thread}/runs/{other}")).Text("status") == "interrupted", TestContext.Current.CancellationToken);
        await sdk.RefusedAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Post, "/runs/cancel?action=interrupt", "{}");
    }
}
