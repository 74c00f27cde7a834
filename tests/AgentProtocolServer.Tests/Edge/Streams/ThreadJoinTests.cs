using System.Net;
using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Testing.Sse;
using AgentProtocolServer.Tests.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace AgentProtocolServer.Tests.Edge.Streams;

/// <summary>The join of a thread across its runs (wire-contract 6.5).</summary>
public sealed class ThreadJoinTests : IAsyncLifetime
{
    private readonly FakeThread thread = new();
    private EdgeHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        host = await EdgeHost.StartAsync(app =>
        {
            app.MapGet("/join", async (HttpContext context) =>
            {
                var join = ThreadJoin.Read(context.Request);
                return SseResult.Of(await thread.OpenAsync("local", thread.ThreadId, ThreadJoin.StartOf(context.Request), Token), join.Write);
            });
        });
        thread.StartRun().AddMode("metadata", """{"run_id":"r","attempt":1}""").Lifecycle("running").Lifecycle("running", "child").AddMode("values", """{"a":1}""")
            .Add("values", """{"a":1}""").Lifecycle("completed", "child").Lifecycle("completed");
        thread.AddEdit("""{"a":2}""");
        thread.StartRun().AddMode("metadata", """{"run_id":"s","attempt":1}""").Lifecycle("running").AddMode("error", """{"error":"E","message":"m"}""").Lifecycle("failed");
    }

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData("?stream_mode=run_modes")]
    [InlineData("?stream_modes=[\"run_modes\"]")]
    public async Task By_default_the_events_of_each_run_come_between_its_start_and_its_end(string query)
    {
        var events = await ReadAsync(query, 8);
        Assert.Equal(["metadata", "metadata run_started", "values", "metadata run_done", "metadata", "metadata run_started", "error", "metadata run_done"], Names(events));
        Assert.Equal([1_000_000_000, 1_000_000_001, 1_000_000_003, 1_000_000_006, 2_000_000_000, 2_000_000_001, 2_000_000_002, 2_000_000_003], events.Select(item => item.Id!.Value));
        Assert.Equal(thread.RunId.ToString(), events[^1].Data.Text("run_id"));
    }

    [Fact]
    public async Task The_mode_lifecycle_shows_starts_and_ends_only() =>
        Assert.Equal(["metadata run_started", "metadata run_done", "metadata run_started", "metadata run_done"], Names(await ReadAsync("?stream_mode=lifecycle", 4)));

    [Fact]
    public async Task The_mode_state_update_shows_edits_only()
    {
        var edit = Assert.Single(await ReadAsync("?stream_mode=state_update", 1));
        Assert.Equal(("values", """{"a":2}"""), (edit.Name, edit.Text));
    }

    [Theory]
    [InlineData("-")]
    [InlineData("-1")]
    [InlineData("0")]
    [InlineData("nonsense")]
    public async Task From_the_beginning_means_the_first_event_that_is_kept(string lastEventId) =>
        Assert.Equal(1_000_000_001, (await ReadAsync("?stream_mode=lifecycle", 1, lastEventId))[0].Id);

    [Fact]
    public async Task A_reader_goes_on_behind_its_last_event() =>
        Assert.Equal(2_000_000_001, (await ReadAsync("?stream_mode=lifecycle", 1, "1000000006"))[0].Id);

    [Fact]
    public async Task A_new_reader_begins_now()
    {
        using var response = await host.Client.OpenAsync(HttpMethod.Get, "/join?stream_mode=lifecycle");
        thread.StartRun().Lifecycle("running");
        var first = await response.EventsAsync().FirstAsync(Token);
        Assert.Equal((3_000_000_000, thread.RunId.ToString()), (first.Id, first.Data.Text("run_id")));
    }

    [Fact]
    public async Task The_end_of_an_erased_run_is_told_under_its_id()
    {
        thread.StartRun().Lifecycle("running").AddErased();
        var events = await ReadAsync("?stream_mode=lifecycle", 2, "2000000003");
        Assert.Equal(["metadata run_started", "metadata run_done"], Names(events));
        Assert.Equal(thread.RunId.ToString(), events[1].Data.Text("run_id"));
    }

    [Fact]
    public async Task An_unknown_mode_is_refused() =>
        await host.Client.SendAsync(HttpMethod.Get, "/join?stream_mode=values").RefusedAsync(HttpStatusCode.UnprocessableEntity, "validation_error");

    private async Task<List<SseEvent>> ReadAsync(string query, int count, string lastEventId = "-")
    {
        using var response = await host.Client.OpenAsync(HttpMethod.Get, "/join" + query, null, ("Last-Event-ID", lastEventId));
        return await response.EventsAsync().Take(count).ToListAsync(Token);
    }

    private static string[] Names(IEnumerable<SseEvent> events) =>
        [.. events.Select(item => item.Data.TryGetProperty("status", out var status) ? $"{item.Name} {status}" : item.Name)];
}
