using AgentProtocol.AspNetCore.Streaming;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class SseTests : IAsyncLifetime
{
    private readonly FakeRunStream stream = new();
    private readonly ManualTime time = new();
    private readonly TaskCompletionSource lost = new();
    private EdgeHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await EdgeHost.StartAsync(
        app => app.MapGet("/stream", () => SseResult.Of(stream, () =>
        {
            lost.SetResult();
            return Task.CompletedTask;
        })),
        builder => builder.Services.AddSingleton<TimeProvider>(time));

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Events_are_framed_with_id_name_and_one_line_of_data()
    {
        // wire-contract 13.24
        stream.Add(0, "metadata", """{"run_id":"r"}""").Add(1, "values", "{\r\n  \"a\": \"ä\\n\"\n}").Add(2, "custom", "null").End();
        using var response = await OpenAsync();
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl?.ToString());
        Assert.Equal("no", Assert.Single(response.Headers.GetValues("X-Accel-Buffering")));
        Assert.Equal(
            "id: 0\nevent: metadata\ndata: {\"run_id\":\"r\"}\n\n"
            + "id: 1\nevent: values\ndata: {    \"a\": \"ä\\n\" }\n\n"
            + "id: 2\nevent: custom\ndata: null\n\n",
            await response.Content.ReadAsStringAsync(Token));
        Assert.False(lost.Task.IsCompleted);
        await stream.Disposed.Task.WaitAsync(Token);
    }

    [Fact]
    public async Task Headers_come_before_the_first_event_and_events_as_they_happen()
    {
        using var response = await OpenAsync();
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(Token));
        stream.Add(0, "metadata", "{}");
        Assert.Equal("id: 0", await reader.ReadLineAsync(Token));
        stream.End();
    }

    [Fact]
    public async Task Silence_is_broken_every_five_seconds_by_one_line()
    {
        // wire-contract 13.25, 13.26
        using var response = await OpenAsync();
        var body = await response.Content.ReadAsStreamAsync(Token);
        var buffer = new byte[100];
        for (var beat = 0; beat < 2; beat++)
        {
            await time.ArmedAsync(Token);
            time.Advance(TimeSpan.FromSeconds(5));
            var read = await body.ReadAsync(buffer, Token);
            Assert.Equal(": heartbeat\n"u8, buffer.AsSpan(0, read));
        }

        stream.End();
        Assert.Equal(0, await body.ReadAsync(buffer, Token));
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_end_is_reported()
    {
        using (await OpenAsync())
        {
            stream.Add(0, "metadata", "{}");
        }

        await lost.Task.WaitAsync(Token);
        await stream.Disposed.Task.WaitAsync(Token);
    }

    [Fact]
    public async Task A_stop_of_the_server_aborts_instead_of_ending()
    {
        using var response = await OpenAsync();
        host.Lifetime.StopApplication();
        await Assert.ThrowsAnyAsync<Exception>(() => response.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task A_defect_aborts_instead_of_ending()
    {
        stream.Add(0, "metadata", "{}").End(new InvalidOperationException("defect"));
        await Assert.ThrowsAnyAsync<HttpRequestException>(async () =>
        {
            using var response = await OpenAsync();
            await response.Content.ReadAsStringAsync(Token);
        });
    }

    [Fact]
    public async Task A_long_replay_arrives_whole()
    {
        var data = $"\"{new string('x', 1000)}\"";
        for (var id = 0; id < 2000; id++)
        {
            stream.Add(id, "custom", data);
        }

        stream.End();
        using var response = await OpenAsync();
        var text = await response.Content.ReadAsStringAsync(Token);
        Assert.EndsWith($"id: 1999\nevent: custom\ndata: {data}\n\n", text, StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> OpenAsync() =>
        host.Client.GetAsync("/stream", HttpCompletionOption.ResponseHeadersRead, Token);
}
