using AgentProtocol.Agents;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Threads;
using Microsoft.Extensions.Options;
using Xunit;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>The queue of one node without the loops that drive it: each step happens when the test takes it.</summary>
internal sealed class QueueHarness : IAsyncDisposable
{
    public const string Owner = "local";

    public QueueHarness(string connectionString, TimeProvider? time = null)
    {
        time ??= TimeProvider.System;
        var options = Options.Create(new RunsOptions());
        Database = new ProtocolDatabase(connectionString);
        Threads = new ThreadStore(Database);
        Creation = new RunCreation(Database, Slots, Agents, options, time);
        Steering = new RunSteering(Database);
        Updates = new UpdateReader(Database);
        Limits = new RunLimits(Agents, options);
        Claims = new RunClaims(Database, Limits, options);
        AgentClaims = new AgentClaims(Database, Limits, options);
        Loader = new RunLoader(Database);
        Log = new EventLog(Database, time);
        Completion = new RunCompletion(Database, time);
        Cancellation = new RunCancellation(Database);
        Service = new ThreadService(
            Database, Threads, new ThreadReader(Database), new ThreadSearch(Database, new ThreadReader(Database)), new ThreadEditor(Database), new RunFeed(),
            new KeyReservations(Database));
    }

    public ProtocolDatabase Database { get; }

    public NodeSlots Slots { get; } = new();

    public ThreadStore Threads { get; }

    public RunCreation Creation { get; }

    /// <summary>Agents that the queue treats in a way of their own; none at first, and the queue itself executes none.</summary>
    public AgentRegistry Agents { get; } = new([]);

    public RunLimits Limits { get; }

    public RunSteering Steering { get; }

    public UpdateReader Updates { get; }

    public RunClaims Claims { get; }

    public AgentClaims AgentClaims { get; }

    public RunLoader Loader { get; }

    public EventLog Log { get; }

    public RunCompletion Completion { get; }

    public RunCancellation Cancellation { get; }

    /// <summary>What endpoints call.</summary>
    public ThreadService Service { get; }

    /// <summary>A node that is alive as far as its row goes.</summary>
    public async Task<Guid> JoinAsync()
    {
        var node = Guid.CreateVersion7();
        await Database.Source.ExecuteAsync("insert into nodes (id, name, roles, capacity) values ($1, 'test', 'both', 100)", node);
        return node;
    }

    public async Task<Guid> NewThreadAsync()
    {
        var threadId = Guid.CreateVersion7();
        Assert.NotNull(await Threads.CreateAsync(new NewThreadRow { ThreadId = threadId, Owner = Owner }));
        return threadId;
    }

    public static NewRunRow NewRun(
        Guid threadId, MultitaskStrategy strategy = MultitaskStrategy.Enqueue, TimeSpan delay = default, string text = "hello") => new()
        {
            RunId = Guid.CreateVersion7(),
            ThreadId = threadId,
            Owner = Owner,
            Agent = "echo",
            AssistantId = Guid.Empty,
            Request = $$"""{"input":{"messages":[{"role":"user","content":"{{text}}"}]},"stream_mode":["values","updates","custom"]}""",
            Metadata = "{}",
            Strategy = strategy,
            Delay = delay,
        };

    public Task<RunCreationResult> CreateAsync(NewRunRow run) => Creation.CreateAsync(run, TestContext.Current.CancellationToken);

    /// <summary>Stores a run that must not be refused.</summary>
    public async Task<Guid> CreateRunAsync(
        Guid threadId, MultitaskStrategy strategy = MultitaskStrategy.Enqueue, string text = "hello", TimeSpan delay = default)
    {
        var run = NewRun(threadId, strategy, delay, text);
        Assert.NotNull((await CreateAsync(run)).Created);
        return run.RunId;
    }

    public async Task<ClaimedRun> ClaimAsync(Guid node, Guid runId)
    {
        var claim = await Claims.ClaimOneAsync(node, runId, TestContext.Current.CancellationToken);
        Assert.NotNull(claim);
        return claim;
    }

    /// <summary>A thread with a run that a node has claimed and begun to write.</summary>
    public async Task<Attempt> StartNewRunAsync(Guid node, string text = "hello") =>
        await StartAsync(node, await CreateRunAsync(await NewThreadAsync(), text: text));

    /// <summary>Claims a run and writes its first page.</summary>
    public async Task<Attempt> StartAsync(Guid node, Guid runId)
    {
        var attempt = await Attempt.BeginAsync(this, await ClaimAsync(node, runId));
        Assert.True(await attempt.WriteAsync());
        return attempt;
    }

    /// <summary>Tells a run something; null when it takes nothing.</summary>
    public Task<AcceptedUpdate?> TellAsync(Guid threadId, Guid runId, string text) => Steering.AcceptAsync(
        new NewUpdate(Guid.CreateVersion7(), Owner, threadId, runId, $$"""{"messages":[{"role":"user","content":"{{text}}"}]}"""),
        TestContext.Current.CancellationToken);

    public Task<SettlementEffects> CancelAsync(Guid runId, CancelAction action) =>
        Cancellation.CancelAsync(runId, action, "Cancelled by a test", TestContext.Current.CancellationToken);

    public async Task<int?> ReapAsync(Guid node)
    {
        await using var connection = await Database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        return await NodeRegistry.ReapAsync(connection, node, seenBeat: 0, TimeSpan.Zero, TestContext.Current.CancellationToken);
    }

    /// <summary>The runs of a thread by number: their end, or their state in the queue.</summary>
    public async Task<string> RunsAsync(Guid threadId) => string.Join(", ", await Database.Source.LinesAsync(
        """
        select case when w.state is null then r.status else (array['waiting', 'delayed', 'ready', 'running'])[w.state + 1] end
        from runs r left join run_work w using (run_id) where r.thread_id = $1 order by r.run_no
        """,
        threadId));

    /// <summary>The contents of a thread's messages.</summary>
    public async Task<string> MessagesAsync(Guid threadId)
    {
        var thread = await new ThreadReader(Database).ReadAsync(Owner, threadId, TestContext.Current.CancellationToken);
        List<string> contents = [];
        foreach (var message in thread!.State.Messages)
        {
            using var json = System.Text.Json.JsonDocument.Parse(message.Json);
            contents.Add(json.RootElement.GetProperty("content").GetString()!);
        }

        return string.Join(", ", contents);
    }

    public Task<string> HeadAsync(Guid threadId) => Database.Source.ScalarAsync<string>(
        "select concat_ws(' ', status, waiting, unmerged, active_run is not null) from thread_heads where thread_id = $1", threadId);

    public ValueTask DisposeAsync() => Database.DisposeAsync();
}
