using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>Limits of time and number, and repetitions, of a run, its agent and the server, on whole nodes.</summary>
public sealed class RunLimitTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private const string Idle = "Runs:IdleTimeout";
    private const string Total = "Runs:Timeout";
    private const string QueueWait = "Runs:QueueTimeout";

    private NpgsqlDataSource database = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = NpgsqlDataSource.Create(postgres.ConnectionString);
        await database.ExecuteAsync("truncate threads, thread_heads, checkpoints, checkpoint_runs, pauses, runs, run_work, run_events, nodes");
    }

    public ValueTask DisposeAsync() => database.DisposeAsync();

    [Theory]
    [InlineData("00:00:00.2", null, null, "0.2 s")]
    [InlineData("01:00:00", 0.25, null, "0.25 s")]
    [InlineData("01:00:00", 600.0, 0.3, "0.3 s")]
    [InlineData("00:00:00", null, 0.35, "0.35 s")]
    public async Task A_silent_run_ends_by_the_limit_that_is_nearest_to_it(string server, double? agent, double? run, string limit)
    {
        var definition = new SilentAgent().Definition() with { Limits = new AgentLimits(Idle: Seconds(agent)) };
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, definition, (Idle, server));

        var result = await host.WaitAsync(await CreateAsync(host, "silent", run is null ? "{}" : $$"""{"idle":{{run}}}"""));

        Assert.Equal((RunStatus.Timeout, "RunIdle"), (result.Run!.Status, result.Error!.Type));
        Assert.Equal($"No event for {limit}: the run counts as stuck", result.Run.Error);
        Assert.Contains("begun", result.Values.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("00:00:01", null, null, "1 s")]
    [InlineData("01:00:00", 0.25, null, "0.25 s")]
    [InlineData("00:00:01", 600.0, 0.3, "0.3 s")]
    public async Task A_long_run_ends_by_the_limit_that_is_nearest_to_it(string server, double? agent, double? run, string limit)
    {
        var definition = new SilentAgent().Definition() with { Limits = new AgentLimits(Total: Seconds(agent)) };
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, definition, (Total, server));

        var result = await host.WaitAsync(await CreateAsync(host, "silent", run is null ? "{}" : $$"""{"total":{{run}}}"""));

        Assert.Equal((RunStatus.Timeout, "RunTimeout"), (result.Run!.Status, result.Error!.Type));
        Assert.Equal($"The run exceeded its time limit of {limit}", result.Run.Error);
    }

    [Theory]
    [InlineData("00:00:20", null, null, 20.0)]
    [InlineData("00:00:20", 30.0, null, 30.0)]
    [InlineData("00:00:20", 30.0, 25.0, 25.0)]
    [InlineData("00:00:00", null, null, null)]
    public async Task A_run_is_to_be_started_by_the_limit_that_is_nearest_to_it(string server, double? agent, double? run, double? limit)
    {
        var definition = new SilentAgent().Definition() with { Limits = new AgentLimits(QueueWait: Seconds(agent)) };
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, definition, (QueueWait, server), ("Server:Roles", "api"));

        await CreateAsync(host, "silent", run is null ? "{}" : $$"""{"queue_wait":{{run}}}""");

        var wait = await database.LinesAsync("select extract(epoch from start_by - created_at)::float8 from run_work join runs using (run_id)");
        Assert.Equal([limit?.ToString() ?? ""], wait);
    }

    [Fact]
    public async Task The_sweeper_ends_a_run_that_nobody_starts()
    {
        await using var host = await EngineHost.StartAsync(
            postgres.ConnectionString, new SilentAgent().Definition(), (QueueWait, "00:00:00.1"), ("Server:Roles", "api"));

        var result = await host.WaitAsync(await CreateAsync(host, "silent"));

        Assert.Equal((RunStatus.Timeout, "QueueTimeout"), (result.Run!.Status, result.Error!.Type));
    }

    [Fact]
    public async Task An_agent_that_ignores_its_end_is_abandoned_and_writes_nothing_more()
    {
        var deaf = new SilentAgent(obeys: false);
        await using var host = await EngineHost.StartAsync(
            postgres.ConnectionString, deaf.Definition(), (Idle, "00:00:00.2"), ("Runs:CancelGrace", "00:00:00.1"));

        var run = await CreateAsync(host, "silent");
        var result = await host.WaitAsync(run);
        deaf.Release();

        Assert.Equal("RunIdle", result.Error!.Type);
        Assert.Equal(RunStatus.Timeout, (await host.Runs.GetAsync(EngineHost.Owner, null, run, Token)).Status);
    }

    [Fact]
    public async Task A_deadline_that_the_sweeper_finds_is_told_with_the_limit_of_the_run()
    {
        var definition = new SilentAgent().Definition() with { Limits = new AgentLimits(Total: TimeSpan.FromMinutes(10)) };
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, definition);
        var run = await CreateAsync(host, "silent");
        await database.ExecuteAsync("update run_work set deadline_at = now() - interval '1 minute' where run_id = $1", run);

        Assert.Equal("The run exceeded its time limit of 600 s", (await host.WaitAsync(run)).Run!.Error);
    }

    [Theory]
    [InlineData("total", 7200.1, 7200)]
    [InlineData("idle", 61, 60)]
    [InlineData("queue_wait", 31, 30)]
    public async Task A_run_may_not_ask_for_more_than_its_agent_or_the_server_allows(string limit, double asked, double most)
    {
        // The agent may allow more than the server's default, which is 60 minutes for the total.
        var definition = new SilentAgent().Definition() with { Limits = new AgentLimits(TimeSpan.FromHours(2), TimeSpan.FromMinutes(1)) };
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, definition, (QueueWait, "00:00:30"));

        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => CreateAsync(host, "silent", $$"""{"{{limit}}":{{asked}}}"""));

        Assert.Equal(ErrorCode.ValidationError, refusal.Code);
        Assert.Equal($"timeouts.{limit}: must be at most {most} seconds for this agent", refusal.Message);
        Assert.Equal(0, await database.ScalarAsync<long>("select count(*) from runs"));
        await CreateAsync(host, "silent", $$"""{"{{limit}}":{{most}}}""");
    }

    [Theory]
    [InlineData(2, 2)]
    [InlineData(1, 1)]
    [InlineData(null, 3)]
    public async Task A_failing_run_is_tried_as_often_as_its_agent_says_else_the_server(int? agent, int attempts)
    {
        var failing = new FailingAgent();
        var definition = new AgentDefinition { Id = "failing", Agent = failing, Retry = agent is { } most ? new AgentRetry(most, TimeSpan.Zero) : null };
        await using var host = await EngineHost.StartAsync(
            postgres.ConnectionString, definition, ("Runs:MaxAttempts", "3"), ("Runs:RetryDelay", "00:00:00"));

        var result = await host.WaitAsync(await CreateAsync(host, "failing"));

        Assert.Equal((RunStatus.Error, attempts), (result.Run!.Status, failing.Attempts));
    }

    [Fact]
    public async Task The_pause_before_another_attempt_is_the_agents_and_is_what_the_run_says_it_waits_for()
    {
        var definition = new AgentDefinition { Id = "failing", Agent = new FailingAgent(), Retry = new AgentRetry(3, TimeSpan.FromSeconds(20)) };
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, definition, ("Runs:RetryDelay", "00:00:00"));
        var run = await CreateAsync(host, "failing");

        var waiting = await UntilWaitsAsync(host, run, RunWaitReason.Retry);

        Assert.InRange(waiting.Until!.Value, DateTime.UtcNow, DateTime.UtcNow.AddSeconds(21));
    }

    [Fact]
    public async Task A_run_says_what_it_waits_for_until_it_executes()
    {
        var agent = new SilentAgent();
        await using var host = await EngineHost.StartAsync(
            postgres.ConnectionString, [agent.Definition() with { MaxConcurrentRuns = 1 }, agent.Definition("other")], ("Runs:MaxConcurrent", "2"));
        var thread = await host.CreateThreadAsync();
        var first = await CreateAsync(host, "silent", thread: thread);
        await Until.TrueAsync(async () => (await GetAsync(host, first)).Status == RunStatus.Running, Token);
        var second = await CreateAsync(host, "silent", thread: thread);
        var third = await CreateAsync(host, "silent", thread: thread);
        var limited = await CreateAsync(host, "silent");
        var delayed = await CreateAsync(host, "silent", more: ""","after_seconds":60""");
        var filler = await CreateAsync(host, "other");
        var full = await CreateAsync(host, "other");

        Assert.Null((await GetAsync(host, first)).WaitingFor);
        Assert.Equal(new RunWaiting { Reason = RunWaitReason.Thread, RunId = first }, (await GetAsync(host, second)).WaitingFor);
        Assert.Equal(new RunWaiting { Reason = RunWaitReason.Thread, RunId = second }, (await GetAsync(host, third)).WaitingFor);
        Assert.Equal(new RunWaiting { Reason = RunWaitReason.Agent, Limit = 1, Running = 1 }, (await GetAsync(host, limited)).WaitingFor);
        Assert.Equal(RunWaitReason.Delay, (await GetAsync(host, delayed)).WaitingFor!.Reason);
        Assert.Equal(
            await database.ScalarAsync<DateTime>("select available_at from run_work where run_id = $1", delayed), (await GetAsync(host, delayed)).WaitingFor!.Until);
        Assert.Equal(new RunWaiting { Reason = RunWaitReason.Worker }, (await GetAsync(host, full)).WaitingFor);

        agent.Release();
        foreach (var run in (Guid[])[first, second, third, limited, filler, full])
        {
            Assert.Null((await host.WaitAsync(run)).Run!.WaitingFor);
        }
    }

    [Fact]
    public async Task Two_nodes_together_execute_no_more_runs_of_an_agent_than_it_may_have()
    {
        var agent = new SilentAgent();
        var definition = agent.Definition() with { MaxConcurrentRuns = 2 };
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString, definition);
        await using var other = await EngineHost.StartAsync(postgres.ConnectionString, definition);
        List<Guid> runs = [];
        for (var i = 0; i < 8; i++)
        {
            runs.Add(await CreateAsync(i % 2 == 0 ? one : other, "silent"));
        }

        await Until.TrueAsync(async () => await database.ScalarAsync<long>("select count(*) from run_work where state = 3") == 2, Token);
        agent.Release();
        foreach (var run in runs)
        {
            Assert.Equal(RunStatus.Success, (await one.WaitAsync(run)).Run!.Status);
        }

        Assert.Equal(2, agent.Most);
    }

    [Fact]
    public async Task The_end_of_a_run_of_a_limited_agent_is_told_to_other_nodes()
    {
        var agent = new SilentAgent();
        var definition = agent.Definition() with { MaxConcurrentRuns = 1 };
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString, definition);
        await using var other = await EngineHost.StartAsync(postgres.ConnectionString, definition, ("Server:Roles", "api"));
        await Until.TrueAsync(() => Task.FromResult(one.Get<Engine.Events.Hints>().HasPeers), Token);
        var run = await CreateAsync(one, "silent");
        await Until.TrueAsync(async () => (await GetAsync(one, run)).Status == RunStatus.Running, Token);
        await using var listener = await database.OpenConnectionAsync(Token);
        await using (var listen = new NpgsqlCommand($"listen {Engine.Events.Hints.ChannelName}", listener))
        {
            await listen.ExecuteNonQueryAsync(Token);
        }

        var told = false;
        listener.Notification += (_, hint) => told |= hint.Payload.StartsWith('r') && hint.Payload.Contains(run.ToString(), StringComparison.Ordinal);
        agent.Release();
        while (!told)
        {
            Assert.True(await listener.WaitAsync(TimeSpan.FromSeconds(20), Token), "Nobody was told");
        }
    }

    private static TimeSpan? Seconds(double? seconds) => seconds is { } given ? TimeSpan.FromSeconds(given) : null;

    private static Task<Run> GetAsync(EngineHost host, Guid run) => host.Runs.GetAsync(EngineHost.Owner, null, run, Token);

    private static async Task<RunWaiting> UntilWaitsAsync(EngineHost host, Guid run, RunWaitReason reason)
    {
        RunWaiting? waiting = null;
        await Until.TrueAsync(async () => (waiting = (await GetAsync(host, run)).WaitingFor)?.Reason == reason, Token);
        return waiting!;
    }

    private static async Task<Guid> CreateAsync(EngineHost host, string agent, string timeouts = "{}", string more = "", Guid? thread = null)
    {
        var body = $$"""{"assistant_id":"{{agent}}","input":{"messages":[{"role":"user","content":"go"}]},"timeouts":{{timeouts}}{{more}}}""";
        var request = JsonSerializer.Deserialize(body, ProtocolJsonContext.Default.RunCreate)!;
        var run = new NewRun(thread ?? await host.CreateThreadAsync(), request, new RawJson(body), RunReader.None);
        return (await host.Runs.CreateAsync(EngineHost.Owner, run, Token)).Run.RunId;
    }
}
