using System.Net;
using AgentProtocolServer.Tests.Hosting;
using AgentProtocolServer.Tests.Processes;
using Xunit;

namespace AgentProtocolServer.Tests.Wire;

/// <summary>The events of a run (wire-contract 6.1 to 6.4).</summary>
public sealed class RunStreamTests(ServerFixture fixture) : IClassFixture<ServerFixture>
{
    private readonly HttpClient client = fixture.Client;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stream_says_where_it_is_and_is_not_buffered()
    {
        // wire-contract 13.29, 13.31
        var id = await client.NewThreadAsync();
        using var stream = await client.OpenStepsAsync(id, "hello");
        var runId = RunLogs.RunIdOf(stream);
        Assert.Equal(($"/threads/{id}/runs/{runId}", $"/threads/{id}/runs/{runId}/stream"), (stream.Header("Content-Location"), stream.Header("Location")));
        Assert.Equal("no", stream.Header("X-Accel-Buffering"));
        Assert.True(stream.Headers.CacheControl?.NoCache);
        var events = await stream.EventsAsync().ToListAsync(Token);
        Assert.Equal($$"""{"run_id":"{{runId}}","attempt":1}""", events[0].Text);
    }

    [Theory]
    [InlineData("values", "metadata values values")]
    [InlineData("updates", "metadata updates")]
    [InlineData("messages-tuple", "metadata messages messages messages")]
    [InlineData("messages", "metadata messages/metadata messages/partial messages/partial messages/partial messages/complete")]
    [InlineData("custom", "metadata")]
    public async Task Trap_34_each_mode_has_its_events(string mode, string names)
    {
        var id = await client.NewThreadAsync();
        var events = await client.StreamAsync(HttpMethod.Post, $"/threads/{id}/runs/stream", new { assistant_id = "echo", input = Protocol.Say("hello there"), stream_mode = mode });
        Assert.Equal(names, string.Join(' ', events.Select(item => item.Name)));
        RunLogs.AssertDense(events, events[0].Data.Text("run_id"));
    }

    [Fact]
    public async Task Trap_33_pieces_carry_the_id_of_the_final_message()
    {
        // wire-contract 13.49
        var id = await client.NewThreadAsync();
        var events = await client.StreamAsync(HttpMethod.Post, $"/threads/{id}/runs/stream", new { assistant_id = "echo", input = Protocol.Say("a b"), stream_mode = "messages-tuple" });
        var message = (await client.GetJsonAsync($"/threads/{id}/state")).GetProperty("values").GetProperty("messages")[1].Text("id");
        var pieces = events.Where(item => item.Name == "messages").Select(item => item.Data[0]).ToArray();
        Assert.All(pieces, piece => Assert.Equal(message, piece.Text("id")));
        Assert.Equal("echo: a b", string.Concat(pieces.Select(piece => piece.Text("content"))));
    }

    [Fact]
    public async Task Trap_32_an_error_is_the_last_event_and_a_cancel_is_no_error()
    {
        var id = await client.NewThreadAsync();
        var failed = await client.StreamAsync(HttpMethod.Post, $"/threads/{id}/runs/stream", new { assistant_id = "echo", input = Protocol.Say("fail boom") });
        Assert.Equal("metadata values error", string.Join(' ', failed.Select(item => item.Name)));
        Assert.Equal("boom", failed[^1].Data.Text("message"));

        using var stream = await client.OpenAsync(HttpMethod.Post, $"/threads/{id}/runs/stream", new { assistant_id = "echo", input = Protocol.Say("sleep 60") });
        await client.WaitForStatusAsync(id, RunLogs.RunIdOf(stream), "running");
        await client.PostAsync($"{stream.Header("Content-Location")}/cancel?wait=1").EmptyAsync(HttpStatusCode.NoContent);
        Assert.DoesNotContain(await stream.EventsAsync().ToListAsync(Token), item => item.Name is "error" or "end");
    }

    [Fact]
    public async Task Every_reader_gets_the_same_events_from_wherever_it_asks()
    {
        var id = await client.NewThreadAsync();
        using var stream = await client.OpenStepsAsync(id, "steps 5 a");
        var path = $"{stream.Header("Content-Location")}/stream";
        var live = client.StreamAsync(HttpMethod.Get, path, null, ("Last-Event-ID", "0"));
        var events = await stream.EventsAsync().ToListAsync(Token);
        Assert.Equal(events[1..], await live);
        for (var seen = -1; seen < events.Count; seen++)
        {
            Assert.Equal(events[(seen + 1)..], await client.StreamAsync(HttpMethod.Get, path, null, ("Last-Event-ID", $"{seen}")));
        }

        Assert.Empty(await client.StreamAsync(HttpMethod.Get, path));
        Assert.Empty(await client.StreamAsync(HttpMethod.Get, path, null, ("Last-Event-ID", "1000")));
        var custom = await client.StreamAsync(HttpMethod.Get, path + "?stream_mode=custom", null, ("Last-Event-ID", "-1"));
        Assert.Equal(events.Where(item => item.Name is "custom"), custom.Where(item => item.Name is not "metadata"));
    }

    [Fact]
    public async Task A_join_of_a_run_that_waits_its_turn_shows_all_of_it()
    {
        var id = await client.NewThreadAsync();
        await client.StartAsync(id, "sleep 0.3");
        var second = await client.StartAsync(id, "b");
        var joined = await client.StreamAsync(HttpMethod.Get, $"/threads/{id}/runs/{second}/stream");
        Assert.Equal(await client.ReplayAsync(id, second), joined);
        Assert.Equal("metadata values values", string.Join(' ', joined.Select(item => item.Name)));
    }
}
