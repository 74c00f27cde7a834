using System.Net;
using System.Text.Json;
using AgentProtocolServer.Tests.Compatibility;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Python;

/// <summary><c>client.crons</c> of <c>langgraph_sdk</c> (wire-contract 10).</summary>
public sealed class CronClientTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly PythonSdk sdk = new(fixture.Client);

    [Fact]
    [Proves("POST /runs/crons", Client.PythonSdk)]
    [Proves("PATCH /runs/crons/{cron_id}", Client.PythonSdk)]
    [Proves("DELETE /runs/crons/{cron_id}", Client.PythonSdk)]
    public async Task A_cron_is_created_changed_and_deleted()
    {
        var cron = await sdk.PostAsync(
            "/runs/crons",
            """{"schedule":"0 0 1 1 *","input":{"messages":[]},"metadata":{"a":1},"assistant_id":"echo","on_run_completed":"keep","end_time":"2099-01-01T00:00:00+00:00","enabled":true,"timezone":"Europe/Berlin"}""");
        var id = cron.Text("cron_id");
        Assert.Equal(("0 0 1 1 *", JsonValueKind.Null, JsonValueKind.String), (cron.Text("schedule"), cron.GetProperty("thread_id").ValueKind, cron.GetProperty("next_run_date").ValueKind));
        // None of end_time is sent, every other None is not.
        var changed = await sdk.PatchAsync($"/runs/crons/{id}", """{"schedule":"0 1 1 1 *","enabled":false,"end_time":null}""");
        Assert.Equal(("0 1 1 1 *", JsonValueKind.Null, false), (changed.Text("schedule"), changed.GetProperty("end_time").ValueKind, changed.GetProperty("enabled").GetBoolean()));
        await sdk.DeleteAsync($"/runs/crons/{id}");
        await sdk.RefusedAsync(HttpStatusCode.NotFound, HttpMethod.Patch, $"/runs/crons/{id}", "{}");
        await sdk.RefusedAsync(HttpStatusCode.UnprocessableEntity, HttpMethod.Post, "/runs/crons", """{"schedule":"99 * * * *","assistant_id":"echo"}""");
    }

    [Fact]
    [Proves("POST /threads/{thread_id}/runs/crons", Client.PythonSdk)]
    [Proves("POST /runs/crons/search", Client.PythonSdk)]
    [Proves("POST /runs/crons/count", Client.PythonSdk)]
    public async Task The_crons_of_a_thread_are_found()
    {
        var thread = await fixture.Client.NewThreadAsync();
        var cron = await sdk.PostAsync($"/threads/{thread}/runs/crons", """{"schedule":"0 0 1 1 *","assistant_id":"echo"}""");
        Assert.Equal(thread, cron.Text("thread_id"));
        var found = await sdk.PostAsync(
            "/runs/crons/search", $$"""{"thread_id":"{{thread}}","enabled":true,"limit":10,"offset":0,"sort_by":"next_run_date","sort_order":"asc","select":["cron_id","schedule"]}""");
        Assert.Equal(cron.Text("cron_id"), Assert.Single(found.EnumerateArray()).Text("cron_id"));
        Assert.Equal(1, (await sdk.PostAsync("/runs/crons/count", $$"""{"thread_id":"{{thread}}"}""")).GetInt32());
        await sdk.DeleteAsync($"/runs/crons/{cron.Text("cron_id")}");
    }
}
