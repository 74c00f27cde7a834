using System.Runtime.CompilerServices;
using AgentProtocol.Agents;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>What people have read of an answer stays, however its run is stopped (wire-contract 13.19, 13.20).</summary>
public sealed class UnfinishedAnswerTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private readonly TaskCompletionSource written = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Timeout = 60_000)]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_run_leaves_what_it_was_writing_whether_its_agent_obeys_or_not(bool obeys)
    {
        await using var host = await StartAsync(obeys, ("Runs:CancelGrace", "00:00:00.2"));
        var thread = await host.CreateThreadAsync();
        var run = await host.CreateRunAsync(thread, "write");
        await written.Task.WaitAsync(Token);
        await Until.TrueAsync(async () => (await ShownAsync(host, thread)).Length == 2, Token);

        await host.Runs.CancelAsync(EngineHost.Owner, null, run, CancelAction.Interrupt, wait: true, Token);

        Assert.Equal(["write", "half of "], await ShownAsync(host, thread));
        Assert.Contains("\"finish_reason\":\"interrupted\"", (await host.WaitAsync(run)).Values.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_list_of_runs_shows_the_progress_of_those_in_flight()
    {
        await using var host = await StartAsync(obeys: true);
        var thread = await host.CreateThreadAsync();
        var run = await host.CreateRunAsync(thread, "write");
        await written.Task.WaitAsync(Token);
        await Until.TrueAsync(
            async () => Assert.Single(await host.Runs.ListAsync(EngineHost.Owner, thread, new RunListRequest(), Token)).Progress?.Text == """{"percent":5}""", Token);
        await host.Runs.CancelAsync(EngineHost.Owner, null, run, CancelAction.Interrupt, wait: true, Token);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_is_out_of_time_leaves_what_it_was_writing()
    {
        await using var host = await StartAsync(obeys: true, ("Runs:Timeout", "00:00:01"));
        var thread = await host.CreateThreadAsync();

        var result = await host.WaitAsync(await host.CreateRunAsync(thread, "write"));

        Assert.Equal(RunStatus.Timeout, result.Run!.Status);
        Assert.Equal(["write", "half of "], await ShownAsync(host, thread));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_run_that_supersedes_another_knows_what_that_was_saying()
    {
        await using var host = await StartAsync(obeys: true);
        var thread = await host.CreateThreadAsync();
        await host.CreateRunAsync(thread, "write");
        await written.Task.WaitAsync(Token);

        const string json = """{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"count"}]},"multitask_strategy":"interrupt"}""";
        var request = new RunCreate { AssistantId = "echo", Input = JsonText.Parse(json).GetProperty("input"), MultitaskStrategy = MultitaskStrategy.Interrupt };
        var newer = await host.Runs.CreateAsync(EngineHost.Owner, new NewRun(thread, request, new RawJson(json), RunReader.None), Token);
        await host.WaitAsync(newer.Run.RunId);

        Assert.Equal(["write", "half of ", "count", "3 messages"], await ShownAsync(host, thread));
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_run_leaves_what_it_was_writing_and_a_repeated_attempt_begins_anew()
    {
        await using var host = await StartAsync(obeys: true, ("Runs:RetryDelay", "00:00:00"), ("Runs:MaxAttempts", "2"));
        var thread = await host.CreateThreadAsync();

        var result = await host.WaitAsync(await host.CreateRunAsync(thread, "break"));

        Assert.Equal("attempt 2 broke", result.Run!.Error);
        Assert.Equal(["break", "attempt 2 "], await ShownAsync(host, thread));
    }

    private Task<EngineHost> StartAsync(bool obeys, params (string, string)[] settings) => EngineHost.StartAsync(
        postgres.ConnectionString, LambdaAgent.Definition("echo", (context, cancellationToken) => WriteAsync(context, obeys, cancellationToken)), settings);

    private async IAsyncEnumerable<AgentEvent> WriteAsync(
        AgentContext context, bool obeys, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7().ToString();
        switch (context.State.Messages[^1].GetProperty("content").GetString())
        {
            case "write":
                yield return new AgentEvent.Progress(5);
                yield return new AgentEvent.MessageDelta("echo", id, "half ");
                yield return new AgentEvent.MessageDelta("echo", id, "of ");
                written.TrySetResult();
                await Task.Delay(Timeout.Infinite, obeys ? cancellationToken : CancellationToken.None);
                break;

            case "break":
                yield return new AgentEvent.MessageDelta("echo", id, $"attempt {context.Attempt} ");
                throw new AgentException($"attempt {context.Attempt} broke", retryable: true);
        }

        yield return new AgentEvent.StateUpdate("echo", JsonText.Parse(
            $$"""{"messages":[{"type":"ai","content":"{{context.State.Messages.Count}} messages"}]}"""));
    }

    private static async Task<string[]> ShownAsync(EngineHost host, Guid thread)
    {
        var values = JsonText.Parse((await host.Threads.GetAsync(EngineHost.Owner, thread, includeTtl: false, Token)).Values.Text);
        return values.TryGetProperty("messages", out var messages)
            ? [.. messages.EnumerateArray().Select(message => message.GetProperty("content").GetString()!)] : [];
    }
}
