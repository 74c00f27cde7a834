using System.Text.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Runs that nobody starts in time. Time passes by ageing the rows.</summary>
public sealed class QueueTimeoutTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private const string Reason = "The run has waited 30 s for a start, which is as long as it may";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private QueueTimeouts Timeouts => new(Queue.Database);

    [Fact]
    public async Task A_run_that_nobody_starts_in_time_ends_as_out_of_time_and_leaves_its_input_to_the_thread()
    {
        var (thread, run) = await CreateAsync("late");
        Assert.Empty(await Timeouts.FindAsync(Token));
        await AgeAsync(run);

        var effects = await EndAsync();

        Assert.Equal([run], effects.Ended);
        Assert.Equal([$"timeout|QueueTimeout|{Reason}|2"], await Database.LinesAsync("select status, error_type, error, event_count from runs"));
        Assert.Equal(("error 0 0 f", "late"), (await Queue.HeadAsync(thread), await Queue.MessagesAsync(thread)));
        Assert.Equal(Reason, await Database.ScalarAsync<string>("select error from thread_heads"));
    }

    [Fact]
    public async Task Its_readers_are_told_why()
    {
        var (_, run) = await CreateAsync("late");
        await AgeAsync(run);
        await EndAsync();

        var page = await Database.ScalarAsync<string>("select frames from run_events where run_id = $1 and first_event = 0 and count = 2", run);
        var lines = page.Split('\n');
        Assert.Contains("\"event\":\"failed\"", lines[0], StringComparison.Ordinal);
        Assert.Equal($$"""0{{'\t'}}error{{'\t'}}{"error":"QueueTimeout","message":"{{Reason}}"}""", lines[1]);
    }

    [Fact]
    public async Task A_claim_in_flight_wins()
    {
        var (thread, run) = await CreateAsync("started");
        await AgeAsync(run);
        var found = Assert.Single(await Timeouts.FindAsync(Token));
        await using var claim = await HeldTransaction.BeginAsync(
            Queue, $"update run_work set state = 3, node = '{Node}', fence = fence + 1, attempt = 1, start_by = null where run_id = $1", run);
        var end = Timeouts.EndAsync(found.RunId, found.ThreadId, Token);
        await claim.UntilBlocksAsync(1);
        await claim.CommitAsync();

        Assert.Empty((await end).Ended);
        Assert.Equal("running", await Queue.RunsAsync(thread));
    }

    [Fact]
    public async Task A_claim_against_the_end_of_the_wait_finds_nothing()
    {
        var (thread, run) = await CreateAsync("late");
        await AgeAsync(run);
        await EndAsync();

        Assert.Null(await Queue.Claims.ClaimOneAsync(Node, run, Token));
        Assert.Equal("timeout", await Queue.RunsAsync(thread));
    }

    [Fact]
    public async Task A_run_that_has_started_once_waits_as_long_as_it_takes()
    {
        var (thread, run) = await CreateAsync("started");
        await Queue.ClaimAsync(Node, run);
        await Queue.ReapAsync(Node);
        await AgeAsync(run);

        Assert.Empty(await Timeouts.FindAsync(Token));
        Assert.Equal("ready", await Queue.RunsAsync(thread));
    }

    [Fact]
    public async Task The_delay_of_a_run_is_no_wait()
    {
        var (thread, run) = await CreateAsync("delayed", delay: TimeSpan.FromHours(1));
        await Database.ExecuteAsync("update run_work set start_by = start_by - interval '59 minutes'");
        await Database.ExecuteAsync("update runs set created_at = created_at - interval '59 minutes'");
        Assert.Empty(await Timeouts.FindAsync(Token));
        await AgeAsync(run);

        await EndAsync();

        Assert.Equal("timeout", await Queue.RunsAsync(thread));
        Assert.Equal(Reason, await Database.ScalarAsync<string>("select error from runs"));
    }

    [Fact]
    public async Task The_slot_is_passed_on_and_the_next_run_finds_the_input()
    {
        var (thread, late) = await CreateAsync("late");
        var next = await Queue.CreateRunAsync(thread, text: "next");
        await AgeAsync(late);

        Assert.Equal(next, (await EndAsync()).Promoted);

        Assert.Equal("busy 0 1 t", await Queue.HeadAsync(thread));
        await (await Queue.StartAsync(Node, next)).Say("answer").SucceedAsync();
        Assert.Equal("late, next, answer", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task A_run_behind_another_leaves_the_slot_where_it_is()
    {
        var running = await Queue.StartNewRunAsync(Node, "one");
        var thread = running.Claim.ThreadId;
        var (_, late) = await CreateAsync("two", onThread: thread);
        await AgeAsync(late);

        Assert.Null((await EndAsync()).Promoted);
        Assert.Equal(("running, timeout", "busy 0 1 t"), (await Queue.RunsAsync(thread), await Queue.HeadAsync(thread)));

        await running.Say("answer").SucceedAsync();
        Assert.Equal(("one, answer, two", "idle 0 0 f"), (await Queue.MessagesAsync(thread), await Queue.HeadAsync(thread)));
    }

    [Fact]
    public async Task Its_webhook_is_owed()
    {
        var thread = await Queue.NewThreadAsync();
        var run = WebhookHarness.NewRun(thread, new Uri("http://127.0.0.1:9/hook")) with { QueueWait = TimeSpan.FromSeconds(30) };
        await Queue.CreateAsync(run);
        await AgeAsync(run.RunId);
        await EndAsync();

        var body = JsonDocument.Parse(await Database.ScalarAsync<string>("select body from webhook_outbox where run_id = $1", run.RunId)).RootElement;
        Assert.Equal(("timeout", Reason), (body.GetProperty("status").GetString(), body.GetProperty("error").GetString()));
    }

    private async Task<(Guid Thread, Guid Run)> CreateAsync(string text, TimeSpan delay = default, Guid? onThread = null)
    {
        var thread = onThread ?? await Queue.NewThreadAsync();
        var run = QueueHarness.NewRun(thread, MultitaskStrategy.Enqueue, delay, text) with { QueueWait = TimeSpan.FromSeconds(30) };
        if (delay > TimeSpan.Zero)
        {
            run = run with { Request = $$$"""{"after_seconds":{{{delay.TotalSeconds}}},"input":{"messages":[{"role":"user","content":"{{{text}}}"}]}}""" };
        }

        Assert.NotNull((await Queue.CreateAsync(run)).Created);
        return (thread, run.RunId);
    }

    private async Task AgeAsync(Guid run)
    {
        await Database.ExecuteAsync("update run_work set start_by = start_by - interval '2 minutes' where run_id = $1", run);
        await Database.ExecuteAsync("update runs set created_at = created_at - interval '2 minutes' where run_id = $1", run);
    }

    private async Task<SettlementEffects> EndAsync()
    {
        var (run, thread) = Assert.Single(await Timeouts.FindAsync(Token));
        return await Timeouts.EndAsync(run, thread, Token);
    }
}
