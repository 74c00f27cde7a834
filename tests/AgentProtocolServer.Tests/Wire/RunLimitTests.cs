using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocolServer.Tests.Edge;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>What callers see of the limits of a run: how to ask for them, how they end it, and what it waits for.</summary>
public sealed class RunLimitTests(RunLimitTests.Fixture fixture) : IClassFixture<RunLimitTests.Fixture>
{
    private const string ThreadWait = """{"reason":"thread","run_id":"<id>"}""";

    private readonly HttpClient client = fixture.Client;

    [Fact]
    public async Task A_run_that_counts_as_stuck_tells_its_stream_and_keeps_what_it_had()
    {
        var thread = await client.NewThreadAsync();
        var events = await client.StreamAsync(HttpMethod.Post, $"/threads/{thread}/runs/stream", Body(new { idle = 0.2 }));

        Assert.Equal("error", events[^1].Name);
        Assert.Equal(("RunIdle", "No event for 0.2 s: the run counts as stuck"), (events[^1].Data.Text("error"), events[^1].Data.Text("message")));
        var run = Assert.Single((await client.GetJsonAsync($"/threads/{thread}/runs")).EnumerateArray());
        Assert.Equal(("timeout", "No event for 0.2 s: the run counts as stuck"), (run.Text("status"), run.Text("error")));
        var shown = await client.GetJsonAsync($"/threads/{thread}");
        Assert.Equal(("error", "human: go"), (shown.Text("status"), shown.GetProperty("values").Conversation()[0]));
    }

    [Theory]
    [InlineData("total", 3601, "3600")]
    [InlineData("idle", 61, "60")]
    public async Task More_than_is_allowed_is_422_that_says_how_much_is(string limit, double asked, string most)
    {
        var thread = await client.NewThreadAsync();
        var body = Body(new Dictionary<string, double> { [limit] = asked });
        var refusal = await client.PostAsync($"/threads/{thread}/runs", body).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([$"body.timeouts.{limit}"], refusal.Locations());
        Assert.Contains($"at most {most} seconds", refusal.Text("message"), StringComparison.Ordinal);

        var batch = await client.PostAsync("/runs/batch", new[] { Body(new { }), body }).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
        Assert.Equal([$"body.1.timeouts.{limit}"], batch.Locations());
        var cron = new Dictionary<string, object> { ["assistant_id"] = "quiet", ["schedule"] = "0 0 1 1 *", ["timeouts"] = new Dictionary<string, double> { [limit] = asked } };
        await client.PostAsync("/runs/crons", cron).RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");
    }

    [Fact]
    public async Task A_pending_run_says_what_it_waits_for_on_every_route_that_reads_one()
    {
        var thread = await client.NewThreadAsync();
        var first = (await client.PostAsync($"/threads/{thread}/runs", Body(new { })).OkAsync()).Text("run_id");
        var second = (await client.PostAsync($"/threads/{thread}/runs", Body(new { })).OkAsync()).Text("run_id");
        await client.WaitForStatusAsync(thread, first, "running");

        foreach (var path in (string[])[$"/threads/{thread}/runs/{second}", $"/runs/{second}"])
        {
            Assert.Equal(ThreadWait.Replace("<id>", first, StringComparison.Ordinal), (await client.GetJsonAsync(path)).GetProperty("waiting_for").GetRawText());
        }

        Assert.DoesNotContain("waiting_for", (await client.GetJsonAsync($"/threads/{thread}/runs/{first}")).Members());
        await client.PostAsync($"/threads/{thread}/runs/{second}/cancel").EmptyAsync(HttpStatusCode.Accepted);
        await client.PostAsync($"/threads/{thread}/runs/{first}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        Assert.DoesNotContain("waiting_for", (await client.GetJsonAsync($"/threads/{thread}/runs/{second}")).Members());
    }

    private static object Body(object timeouts) => new { assistant_id = "quiet", input = Protocol.Say("go"), timeouts };

    /// <summary>A server with an agent that never says anything.</summary>
    public sealed class Fixture : ServerFixture
    {
        protected override IReadOnlyList<AgentDefinition> Agents =>
            [new() { Id = "quiet", Agent = new Quiet(), Limits = new AgentLimits(Idle: TimeSpan.FromMinutes(1)) }];

        private sealed class Quiet : IAgent
        {
            public async IAsyncEnumerable<AgentEvent> RunAsync(AgentContext context, [EnumeratorCancellation] CancellationToken cancellationToken)
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
                yield return new AgentEvent.Custom(JsonElement.Parse("1"));
            }
        }
    }
}
