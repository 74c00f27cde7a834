using AgentProtocol.Agents;
using AgentProtocol.Agents.Echo;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Queue.Model;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Agents;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>Agents that are told something while they work, on a node as it runs in production.</summary>
public sealed class SteeringTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_comes_while_the_agent_works_is_taken_in_the_same_run()
    {
        await using var host = await StartAsync(SteerableAgent.Define());
        var (thread, run) = await StartRunAsync(host, "wait for it");

        var update = await TellAsync(host, run, "two");
        var result = await host.WaitAsync(run);

        Assert.Equal((run, thread, RunUpdateStatus.Accepted), (update.RunId, update.ThreadId, update.Status));
        Assert.Equal(RunStatus.Success, result.Run!.Status);
        Assert.Equal(["wait for it", "two", "done: wait for it", "done: two"], Contents(result));
        Assert.Equal((update.UpdateId, RunUpdateStatus.Delivered), Single(result.Run));
        await CheckAsync();
    }

    [Fact]
    public async Task An_agent_that_is_done_is_asked_again_for_what_came_since()
    {
        await using var host = await StartAsync(SteerableAgent.Define());
        var (_, run) = await StartRunAsync(host, "hold on");

        await TellAsync(host, run, "two");
        var result = await host.WaitAsync(run);

        Assert.Equal((RunStatus.Success, 1), (result.Run!.Status, await AttemptsAsync(run)));
        Assert.Equal(["hold on", "done: hold on", "two", "done: two"], Contents(result));
        await CheckAsync();
    }

    [Fact]
    public async Task An_agent_that_is_asked_again_is_the_one_that_the_execution_began_with()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(beforeAnswer: gate.PassAsync));
        var (_, run) = await StartRunAsync(host, "one");
        await gate.Reached;

        host.Get<AgentRegistry>().Replace([EchoAgent.Definition() with { IsSteerable = true }]);
        await TellAsync(host, run, "two");
        gate.Open();

        Assert.Equal(["one", "done: one", "two", "done: two"], Contents(await host.WaitAsync(run)));
    }

    [Fact]
    public async Task What_came_without_a_signal_is_found_when_the_run_is_to_end_and_its_log_goes_on_without_a_gap()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(beforeAnswer: gate.PassAsync));
        var (thread, run) = await StartRunAsync(host, "one");
        await gate.Reached;

        // Nobody announces it, and the beat comes once in a second.
        Assert.NotNull(await host.Get<RunSteering>().AcceptAsync(
            new NewUpdate(Guid.CreateVersion7(), EngineHost.Owner, thread, run, """{"messages":[{"role":"user","content":"two"}]}"""), Token));
        gate.Open();
        var result = await host.WaitAsync(run);

        Assert.Equal(["one", "done: one", "two", "done: two"], Contents(result));
        await CheckAsync();
        await using var stream = await host.Runs.OpenStreamAsync(EngineHost.Owner, thread, run, new RunStreamRequest { LastEventId = -1 }, Token);
        var numbers = await stream.ReadAsync(Token).Select(happened => happened.Id).ToListAsync(Token);
        Assert.Equal(Enumerable.Range(0, numbers.Count).Select(number => (long)number), numbers);
    }

    [Fact]
    public async Task A_superseded_run_of_a_steered_agent_stops_at_its_next_checkpoint_and_the_newer_one_goes_on_from_there()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(SteerPolicy.Steer, gate.PassAsync));
        var (thread, older) = await StartRunAsync(host, "one");
        await gate.Reached;
        var newer = await CreateAsync(host, thread, "two", MultitaskStrategy.Interrupt);
        await UntilToldAsync(host, older);

        gate.Open();
        var (before, after) = (await host.WaitAsync(older), await host.WaitAsync(newer));

        Assert.Equal((RunStatus.Interrupted, "Superseded by a newer run"), (before.Run!.Status, before.Run.Error));
        Assert.Equal(["one", "done: one", "two", "done: two"], Contents(after));
    }

    [Fact]
    public async Task A_superseded_run_that_reaches_no_checkpoint_within_the_grace_is_stopped_at_once()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(SteerPolicy.Steer, gate.PassAsync), ("Runs:SteerGrace", "00:00:00.1"));
        var (thread, older) = await StartRunAsync(host, "one");
        await gate.Reached;

        var newer = await CreateAsync(host, thread, "two", MultitaskStrategy.Interrupt);
        var (before, after) = (await host.WaitAsync(older), await host.WaitAsync(newer));

        Assert.Equal((RunStatus.Interrupted, "Superseded by a newer run"), (before.Run!.Status, before.Run.Error));
        // The agent finds the first message without an answer, and gives it.
        Assert.Equal(["one", "two", "done: one", "done: two"], Contents(after));
    }

    [Fact]
    public async Task A_cancel_does_not_wait_for_the_checkpoint_of_a_soft_stop()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(SteerPolicy.Steer, gate.PassAsync));
        var (thread, older) = await StartRunAsync(host, "one");
        await gate.Reached;
        await CreateAsync(host, thread, "two", MultitaskStrategy.Interrupt);
        await UntilToldAsync(host, older);

        await host.Runs.CancelAsync(EngineHost.Owner, thread, older, CancelAction.Interrupt, wait: true, Token);

        Assert.Equal(RunStatus.Interrupted, (await host.Runs.GetAsync(EngineHost.Owner, thread, older, Token)).Status);
    }

    [Fact]
    public async Task What_a_failing_run_was_told_stays_on_the_thread()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(beforeAnswer: async (words, token) =>
        {
            await gate.PassAsync(words, token);
            throw new AgentException("no");
        }));
        var (thread, run) = await StartRunAsync(host, "one");
        await gate.Reached;
        await TellAsync(host, run, "two");

        gate.Open();
        var result = await host.WaitAsync(run);

        Assert.Equal(RunStatus.Error, result.Run!.Status);
        Assert.Equal(["one", "two"], Contents((await host.Threads.GetStateAsync(EngineHost.Owner, thread, null, Token)).Values));
        await CheckAsync();
    }

    [Fact]
    public async Task An_ended_run_takes_nothing()
    {
        await using var host = await StartAsync(SteerableAgent.Define());
        var (_, run) = await StartRunAsync(host, "one");
        await host.WaitAsync(run);

        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => TellAsync(host, run, "two"));

        Assert.Equal(ErrorCode.Conflict, refusal.Code);
    }

    [Fact]
    public async Task For_an_agent_that_takes_nothing_the_message_becomes_a_run_that_supersedes_it()
    {
        var gate = new Gate("one");
        await using var host = await StartAsync(SteerableAgent.Define(beforeAnswer: gate.PassAsync) with { IsSteerable = false });
        var (thread, older) = await StartRunAsync(host, "one");
        await gate.Reached;

        var update = await TellAsync(host, older, "two");
        var result = await host.WaitAsync(update.RunId);

        Assert.NotEqual(older, update.RunId);
        Assert.Equal((thread, RunUpdateStatus.Accepted), (update.ThreadId, update.Status));
        Assert.Equal(RunStatus.Interrupted, (await host.WaitAsync(older)).Run!.Status);
        Assert.Equal(["one", "two", "done: one", "done: two"], Contents(result));
    }

    private Task<EngineHost> StartAsync(AgentDefinition agent, params (string Key, string Value)[] settings) =>
        EngineHost.StartAsync(postgres.ConnectionString, agent with { Id = "echo" }, settings);

    /// <summary>A run on a thread of its own.</summary>
    private static async Task<(Guid Thread, Guid Run)> StartRunAsync(EngineHost host, string text)
    {
        var thread = await host.CreateThreadAsync();
        return (thread, await host.CreateRunAsync(thread, text));
    }

    private static async Task<Guid> CreateAsync(EngineHost host, Guid thread, string text, MultitaskStrategy strategy)
    {
        var input = JsonText.Parse($$"""{"messages":[{"role":"user","content":{{JsonText.Quote(text)}} }]}""");
        var request = new RunCreate { AssistantId = "echo", Input = input, MultitaskStrategy = strategy };
        var body = new RawJson($$"""{"assistant_id":"echo","input":{{input.GetRawText()}} }""");
        return (await host.Runs.CreateAsync(EngineHost.Owner, new NewRun(thread, request, body, RunReader.None), Token)).Run.RunId;
    }

    private static Task<RunUpdate> TellAsync(EngineHost host, Guid run, string text)
    {
        var messages = JsonText.Parse($$"""[{"role":"user","content":{{JsonText.Quote(text)}} }]""");
        return host.Get<RunUpdateService>().AddAsync(
            EngineHost.Owner, null, run,
            new NewRunUpdate(new RunUpdateCreate { Messages = messages }, new RawJson($$"""{"messages":{{messages.GetRawText()}} }""")), Token);
    }

    /// <summary>Waits until the execution knows that it is to stop.</summary>
    private static Task UntilToldAsync(EngineHost host, Guid run) => Until.TrueAsync(
        () => Task.FromResult(host.Get<RunningRuns>().All.Any(running => running.Claim.RunId == run && running.IsToStopAtCheckpoint)), Token);

    private static IEnumerable<string> Contents(RunResult result) => Contents(result.Values);

    private static IEnumerable<string> Contents(RawJson values) => JsonText.Parse(values.Text).GetProperty("messages").EnumerateArray()
        .Select(message => message.GetProperty("content").GetString()!);

    private static (Guid, RunUpdateStatus) Single(Run run)
    {
        var update = Assert.Single(run.Updates!);
        return (update.UpdateId, update.Status);
    }

    private async Task<int> AttemptsAsync(Guid run)
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        return await source.ScalarAsync<int>("select attempt from runs where run_id = $1", run);
    }

    private async Task CheckAsync()
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await new QueueInvariants(source).CheckRowsAsync();
    }

    /// <summary>Stops an agent in the middle of a step, the first time that it is about to answer some words.</summary>
    private sealed class Gate(string words)
    {
        private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Reached => reached.Task.WaitAsync(Token);

        public void Open() => opened.TrySetResult();

        public Task PassAsync(string asked, CancellationToken cancellationToken) =>
            asked == words && reached.TrySetResult() ? opened.Task.WaitAsync(cancellationToken) : Task.CompletedTask;
    }
}
