using AgentProtocol.AspNetCore.Streaming;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocolServer.Tests.Edge;

public sealed class WaitTests : IAsyncLifetime
{
    private readonly TaskCompletionSource<RunResult> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource lost = new();
    private readonly ManualTime time = new();
    private EdgeHost host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => host = await EdgeHost.StartAsync(
        app =>
        {
            app.MapGet("/values", () => Wait(WaitShape.Values));
            app.MapGet("/envelope", () => Wait(WaitShape.Envelope));
        },
        builder => builder.Services.AddSingleton<TimeProvider>(time));

    public ValueTask DisposeAsync() => host.DisposeAsync();

    [Fact]
    public async Task Headers_come_at_once_and_line_breaks_while_it_takes()
    {
        using var response = await OpenAsync("/values");
        await time.ArmedAsync(Token);
        time.Advance(TimeSpan.FromSeconds(5));
        var body = await response.Content.ReadAsStreamAsync(Token);
        Assert.Equal('\n', body.ReadByte());

        ended.SetResult(Result("""{"messages":[1]}"""));
        using var reader = new StreamReader(body);
        Assert.Equal("""{"messages":[1]}""", (await reader.ReadToEndAsync(Token)).Trim());
        Assert.Equal("application/json", response.Content.Headers.ContentType?.ToString());
        Assert.False(lost.Task.IsCompleted);
    }

    [Fact]
    public async Task A_failure_is_told_in_the_body()
    {
        ended.SetResult(Result("{}") with { Error = new RunFailure("AgentException", "no \"luck\"") });
        Assert.Equal("""{"__error__":{"error":"AgentException","message":"no \"luck\""}}""", await ReadAsync("/values"));
    }

    [Fact]
    public async Task A_thread_that_was_deleted_meanwhile_is_told_in_the_body()
    {
        ended.SetException(new ProtocolException(ErrorCode.NotFound, "gone"));
        Assert.Equal("""{"__error__":{"error":"not_found","message":"gone"}}""", await ReadAsync("/values"));
    }

    [Fact]
    public async Task The_values_are_never_null()
    {
        ended.SetResult(Result("null"));
        Assert.Equal("{}", await ReadAsync("/values"));
    }

    [Fact]
    public async Task The_envelope_has_the_messages_beside_the_values()
    {
        ended.SetResult(Result("""{"a":1.0,"messages":[{"x":{}}],"b":null}""") with { Messages = new RawJson("[7]"), Run = SomeRun(RunStatus.Success) });
        using var response = await OpenAsync("/envelope");
        var envelope = await response.JsonAsync();
        Assert.Equal("""{"a":1.0,"b":null}""", envelope.GetProperty("values").GetRawText());
        Assert.Equal("[7]", envelope.GetProperty("messages").GetRawText());
        Assert.Equal("success", envelope.GetProperty("status").GetString());
        Assert.Equal("success", envelope.GetProperty("run").GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_envelope_of_an_erased_run_shows_what_is_known_of_it()
    {
        ended.SetResult(Result("{}"));
        using var response = await OpenAsync("/envelope");
        Assert.Equal("interrupted", (await response.JsonAsync()).GetProperty("run").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_client_that_leaves_is_reported()
    {
        using (await OpenAsync("/values"))
        {
        }

        await lost.Task.WaitAsync(Token);
    }

    private WaitResult Wait(WaitShape shape) => new(
        SomeRun(RunStatus.Running),
        shape,
        cancellationToken => ended.Task.WaitAsync(cancellationToken),
        () =>
        {
            lost.SetResult();
            return Task.CompletedTask;
        });

    private static RunResult Result(string values) => new(null, new RawJson(values), RawJson.EmptyArray, null, null);

    private static Run SomeRun(RunStatus status) => new()
    {
        RunId = Guid.CreateVersion7(),
        ThreadId = Guid.CreateVersion7(),
        AssistantId = Guid.CreateVersion7(),
        AgentId = "agent",
        CreatedAt = DateTime.UnixEpoch,
        UpdatedAt = DateTime.UnixEpoch,
        Status = status,
        Metadata = RawJson.EmptyObject,
        Kwargs = RawJson.EmptyObject,
        MultitaskStrategy = MultitaskStrategy.Enqueue,
        Error = null,
        Input = default,
        Config = RawJson.EmptyObject,
        StreamMode = ["values"],
    };

    private Task<HttpResponseMessage> OpenAsync(string path) =>
        host.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Token);

    private Task<string> ReadAsync(string path) => host.Client.GetStringAsync(path, Token);
}
