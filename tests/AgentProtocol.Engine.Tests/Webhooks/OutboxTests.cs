using System.Text.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Webhooks;

/// <summary>Whatever ends a run puts its call into the outbox, in the transaction that ends it (wire-contract 5.3, 5.13).</summary>
public sealed class OutboxTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static readonly Uri Url = new("https://Hooks.example.org:8443/x?y=z");

    [Fact]
    public async Task A_run_that_ends_well_owes_a_call_with_its_values()
    {
        var attempt = await StartAsync();

        await attempt.Say("done").Update("""{"big":12345678901234567890.10,"nothing":null}""").SucceedAsync();

        var body = await BodyAsync(attempt.Claim.RunId);
        Assert.Equal("success", body.GetProperty("status").GetString());
        Assert.False(body.TryGetProperty("error", out _));
        Assert.Equal("""12345678901234567890.10""", body.GetProperty("values").GetProperty("big").GetRawText());
        Assert.Equal(JsonValueKind.Null, body.GetProperty("values").GetProperty("nothing").ValueKind);
        Assert.Equal(["hello", "done"], Contents(body));
        Assert.Equal("1.0", body.GetProperty("input").GetProperty("n").GetRawText());
        Assert.Equal(
            ["hooks.example.org|True|True|0"],
            await Database.LinesAsync(
                """
                select o.host, o.created_at = r.ended_at, o.started_at between r.created_at and r.ended_at, o.attempt
                from webhook_outbox o join runs r using (run_id)
                """));
    }

    [Fact]
    public async Task A_failure_and_a_timeout_are_told_with_their_message()
    {
        var failed = await StartAsync();
        await failed.EndAsync(RunOutcome.Failed("Boom", "it broke"));
        var late = await StartAsync();
        await late.EndAsync(RunOutcome.TimedOut(TimeSpan.FromSeconds(7)));

        var (first, second) = (await BodyAsync(failed.Claim.RunId), await BodyAsync(late.Claim.RunId));
        Assert.Equal(("error", "it broke"), (first.GetProperty("status").GetString(), first.GetProperty("error").GetString()));
        Assert.Equal(
            ("timeout", "The run exceeded its time limit of 7 s"), (second.GetProperty("status").GetString(), second.GetProperty("error").GetString()));
        Assert.Equal(["hello"], Contents(second));
    }

    [Fact]
    public async Task A_cancelled_run_has_no_error_and_keeps_the_values_it_had()
    {
        var attempt = await StartAsync();
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);

        await attempt.Say("half").EndAsync(RunOutcome.Interrupted("Cancelled by a test"));

        var body = await BodyAsync(attempt.Claim.RunId);
        Assert.Equal("interrupted", body.GetProperty("status").GetString());
        Assert.False(body.TryGetProperty("error", out _));
        Assert.Equal(["hello", "half"], Contents(body));
    }

    [Fact]
    public async Task An_update_that_the_last_page_has_taken_is_told_as_delivered()
    {
        var attempt = await StartAsync();
        await Queue.TellAsync(attempt.Claim.ThreadId, attempt.Claim.RunId, "more");

        await (await attempt.TakeAsync()).Say("done").SucceedAsync();

        var update = Assert.Single((await BodyAsync(attempt.Claim.RunId)).GetProperty("updates").EnumerateArray());
        Assert.Equal("delivered", update.GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.String, update.GetProperty("delivered_at").ValueKind);
    }

    [Fact]
    public async Task A_run_that_ends_behind_others_passes_the_slot_on_and_owes_a_call_all_the_same()
    {
        var attempt = await StartAsync();
        await Queue.CreateRunAsync(attempt.Claim.ThreadId);

        await attempt.SucceedAsync();

        Assert.Equal("success, ready", await Queue.RunsAsync(attempt.Claim.ThreadId));
        Assert.Equal("success", (await BodyAsync(attempt.Claim.RunId)).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Runs_that_nobody_executes_owe_a_call_when_they_are_cancelled()
    {
        var thread = await Queue.NewThreadAsync();
        List<Guid> runs = [];
        foreach (var delay in new[] { TimeSpan.FromHours(1), TimeSpan.Zero, TimeSpan.Zero })
        {
            var run = WebhookHarness.NewRun(thread, Url, delay);
            await Queue.CreateAsync(run);
            runs.Add(run.RunId);
        }

        // The second waits behind the first, which is delayed; the third is ready once it is alone.
        await Queue.CancelAsync(runs[1], CancelAction.Interrupt);
        await Queue.CancelAsync(runs[0], CancelAction.Interrupt);
        Assert.Equal("interrupted, interrupted, ready", await Queue.RunsAsync(thread));
        await Queue.CancelAsync(runs[2], CancelAction.Interrupt);

        foreach (var run in runs)
        {
            var body = await BodyAsync(run);
            Assert.Equal("interrupted", body.GetProperty("status").GetString());
            Assert.Equal("{}", body.GetProperty("values").GetRawText());
        }

        Assert.Equal(3, await Database.ScalarAsync<long>("select count(*) from webhook_outbox where started_at is null"));
    }

    [Fact]
    public async Task A_superseded_run_owes_a_call_and_an_erased_one_none()
    {
        var thread = await Queue.NewThreadAsync();
        await Queue.CreateRunAsync(thread, delay: TimeSpan.FromHours(1));
        var superseded = WebhookHarness.NewRun(thread, Url);
        await Queue.CreateAsync(superseded);
        var erased = WebhookHarness.NewRun(thread, Url, strategy: MultitaskStrategy.Interrupt);
        await Queue.CreateAsync(erased);
        Assert.Equal("interrupted", (await BodyAsync(superseded.RunId)).GetProperty("status").GetString());

        await Queue.CreateRunAsync(thread, MultitaskStrategy.Rollback);

        Assert.Equal([superseded.RunId.ToString()], await Database.LinesAsync("select run_id from webhook_outbox"));
    }

    [Fact]
    public async Task A_run_that_is_rolled_back_while_it_runs_owes_no_call()
    {
        var attempt = await StartAsync();
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Rollback);

        Assert.Equal(EndingKind.MustRollBack, (await attempt.SucceedAsync()).Kind);
        await attempt.RollBackAsync();

        Assert.Empty(await Database.LinesAsync("select run_id from webhook_outbox"));
    }

    [Fact]
    public async Task A_run_taken_from_its_executor_owes_one_call()
    {
        var attempt = await StartAsync();
        await Queue.CancelAsync(attempt.Claim.RunId, CancelAction.Interrupt);

        await OtherQueue.Cancellation.EndByForceAsync(attempt.Claim.RunId, TestContext.Current.CancellationToken);
        Assert.Equal(EndingKind.LeaseLost, (await attempt.SucceedAsync()).Kind);

        var body = await BodyAsync(attempt.Claim.RunId);
        Assert.Equal("interrupted", body.GetProperty("status").GetString());
        Assert.Equal(["hello"], Contents(body));
        Assert.Equal(1, await Database.ScalarAsync<long>("select count(*) from webhook_outbox where started_at is not null"));
    }

    [Fact]
    public async Task A_run_that_is_given_up_owes_a_call_without_values()
    {
        var attempt = await StartAsync();

        await Queue.Completion.FinishBareAsync(attempt.Claim, RunOutcome.Failed("InternalError", "given up"), CancellationToken.None);

        var body = await BodyAsync(attempt.Claim.RunId);
        Assert.Equal(("error", "given up"), (body.GetProperty("status").GetString(), body.GetProperty("error").GetString()));
        Assert.False(body.TryGetProperty("values", out _));
    }

    [Fact]
    public async Task Runs_without_a_webhook_owe_none()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.SucceedAsync();
        await Queue.CancelAsync(await Queue.CreateRunAsync(attempt.Claim.ThreadId), CancelAction.Interrupt);

        Assert.Empty(await Database.LinesAsync("select run_id from webhook_outbox"));
    }

    [Fact]
    public async Task The_start_is_that_of_the_first_execution()
    {
        var attempt = await StartAsync();
        await Database.ExecuteAsync("update run_work set started_at = '2026-01-01T00:00:00Z'");
        await Queue.ReapAsync(Node);
        var again = await Queue.StartAsync(OtherNode, attempt.Claim.RunId);

        await again.SucceedAsync();

        Assert.Equal(1, await Database.ScalarAsync<long>("select count(*) from webhook_outbox where started_at = '2026-01-01T00:00:00Z'"));
    }

    private async Task<Attempt> StartAsync()
    {
        using var webhooks = new WebhookHarness(Queue);
        return await webhooks.StartAsync(Node, Url);
    }

    private async Task<JsonElement> BodyAsync(Guid runId)
    {
        using var document = JsonDocument.Parse(
            await Database.ScalarAsync<string>("select body from webhook_outbox where run_id = $1 and owner = 'local'", runId));
        Assert.Equal(runId, document.RootElement.GetProperty("run_id").GetGuid());
        return document.RootElement.Clone();
    }

    private static IEnumerable<string?> Contents(JsonElement body) =>
        body.GetProperty("values").GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("content").GetString());
}
