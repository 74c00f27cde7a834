using System.Text.Json;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Crons;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Crons;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Crons;

/// <summary>One run per cron and due moment, whatever nodes there are and wherever one of them dies. Rows are made due by ageing them.</summary>
public sealed class CronLoopTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private NpgsqlDataSource source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await source.ExecuteAsync("truncate threads, thread_heads, checkpoints, checkpoint_runs, pauses, runs, run_work, run_events, nodes, idempotency_keys, crons");
    }

    public ValueTask DisposeAsync() => source.DisposeAsync();

    [Fact]
    public async Task Two_nodes_fire_each_due_cron_exactly_once()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        await using var other = await EngineHost.StartAsync(postgres.ConnectionString);
        List<Guid> crons = [];
        for (var i = 0; i < 30; i++)
        {
            crons.Add((await CreateAsync(one)).CronId);
        }

        for (var round = 1; round <= 3; round++)
        {
            await source.ExecuteAsync("update crons set next_run_date = now() - interval '1 second'");
            await UntilFiredAsync();
            Assert.Equal(crons.Select(cron => $"{cron}|{round}").Order(), (await source.LinesAsync(
                "select filter->>'cron_id', count(*) from runs group by 1")).Order());
        }
    }

    [Fact]
    public async Task What_a_downtime_missed_is_made_up_for_by_one_run()
    {
        Cron cron;
        await using (var before = await EngineHost.StartAsync(postgres.ConnectionString))
        {
            cron = await CreateAsync(before, """{"schedule":"* * * * *"}""");
        }

        await source.ExecuteAsync("update crons set next_run_date = now() - interval '3 days'");
        await using var after = await EngineHost.StartAsync(postgres.ConnectionString);
        await UntilFiredAsync();

        // At most one more: the clock may reach the next minute while we look.
        Assert.InRange(await CountRunsAsync(cron), 1, 2);
        Assert.True(await source.ScalarAsync<bool>("select next_run_date <= now() + interval '1 minute' from crons"));
    }

    [Fact]
    public async Task A_firing_that_died_before_its_run_was_created_is_repeated_with_the_same_run()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one);
        var store = one.Get<CronStore>();
        var taken = await DieWhileFiringAsync(cron, store);

        await source.ExecuteAsync("update crons set firing_until = now() - interval '1 second'");
        await UntilFiredAsync();

        Assert.Equal([taken.FiringRun!.Value.ToString()], await source.LinesAsync("select run_id from runs where filter->>'cron_id' = $1", cron.CronId.ToString()));
        Assert.Equal(RunStatus.Success, (await one.WaitAsync(taken.FiringRun!.Value)).Run!.Status);
    }

    [Fact]
    public async Task A_firing_that_died_after_its_run_was_created_creates_no_second_run()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one);
        var taken = await DieWhileFiringAsync(cron, one.Get<CronStore>());
        var body = CronPayload.ForRun(taken.Payload, taken.Metadata, taken.CronId);
        await one.Get<RunFactory>().CreateAsync(EngineHost.Owner, new NewRun(null, CronPayload.ReadRun(body), new RawJson(body), RunReader.None)
        {
            Reserved = new ReservedIds(taken.FiringRun!.Value, taken.FiringThread!.Value),
        }, Token);
        await one.WaitAsync(taken.FiringRun.Value);

        await source.ExecuteAsync("update crons set firing_until = now() - interval '1 second'");
        await UntilFiredAsync();

        Assert.Equal(1, await CountRunsAsync(cron));
        Assert.Equal(1, await source.ScalarAsync<int>("select max(attempt) from runs"));
    }

    [Fact]
    public async Task A_node_that_is_firing_has_the_cron_for_itself()
    {
        await using var queue = new QueueHarness(postgres.ConnectionString);
        await InsertDueAsync(queue);
        var store = new CronStore(queue.Database);

        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.TakeDueAsync(50, TimeSpan.FromMinutes(1), Token)));

        Assert.Single(taken.SelectMany(firings => firings));
    }

    [Fact]
    public async Task A_run_of_a_cron_has_its_payload_and_names_the_cron()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one, """
            {"schedule":"0 0 1 1 *","input":{"messages":[{"role":"user","content":"morning"}],"n":1.0,"none":null},"metadata":{"a":{"b":1}},"config":{"tags":["t"]}}
            """);
        await FireAsync(cron);

        var run = await one.WaitAsync(await source.ScalarAsync<Guid>("select run_id from runs"));

        Assert.Equal($$"""{"a":{"b":1},"cron_id":"{{cron.CronId}}"}""", run.Run!.Metadata.Text);
        Assert.Equal("""{"messages":[{"role":"user","content":"morning"}],"n":1.0,"none":null}""", run.Run.Input.Text);
        Assert.Equal("""{"tags":["t"]}""", run.Run.Config.Text);
    }

    [Theory]
    [InlineData("delete", true)]
    [InlineData("keep", false)]
    public async Task The_thread_of_a_stateless_firing_goes_or_stays(string onRunCompleted, bool isTemporary)
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one, $$"""{"schedule":"0 0 1 1 *","on_run_completed":"{{onRunCompleted}}"}""");
        for (var round = 0; round < 2; round++)
        {
            await FireAsync(cron);
        }

        Assert.Equal([$"{isTemporary}|2"], await source.LinesAsync("select temporary, count(*) from threads group by 1"));
        Assert.Equal([isTemporary.ToString()], await source.LinesAsync("select distinct stateless from runs"));
    }

    [Fact]
    public async Task A_thread_cron_runs_on_its_thread_by_the_strategy_of_its_payload()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var thread = await one.CreateThreadAsync();
        var busy = await one.CreateRunAsync(thread, "sleep 600");
        var cron = await CreateAsync(one, """{"schedule":"0 0 1 1 *","multitask_strategy":"interrupt"}""", thread);
        await FireAsync(cron);

        Assert.Equal(RunStatus.Interrupted, (await one.WaitAsync(busy)).Run!.Status);
        Assert.Equal(2, await source.ScalarAsync<long>("select count(*) from runs where thread_id = $1", thread));
    }

    [Fact]
    public async Task A_refused_firing_runs_nothing_and_the_cron_goes_on()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var thread = await one.CreateThreadAsync();
        await one.CreateRunAsync(thread, "sleep 600");
        var cron = await CreateAsync(one, """{"schedule":"0 0 1 1 *","multitask_strategy":"reject"}""", thread);

        await FireAsync(cron);

        Assert.Equal(0, await CountRunsAsync(cron));
        Assert.True(await source.ScalarAsync<bool>("select enabled and next_run_date > now() and firing_run is null from crons"));
    }

    [Fact]
    public async Task Nothing_is_fired_after_the_end_and_a_cron_that_is_over_is_due_no_more()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one, """{"schedule":"0 0 * * *"}""");
        await source.ExecuteAsync("update crons set next_run_date = now() - interval '2 hours', end_time = now() - interval '1 hour'");

        await Until.TrueAsync(async () => await source.ScalarAsync<bool>("select next_run_date is null from crons"), Token);

        Assert.Equal(0, await CountRunsAsync(cron));
    }

    [Fact]
    public async Task A_deleted_thread_takes_its_crons_along()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var thread = await one.CreateThreadAsync();
        await CreateAsync(one, thread: thread);
        var other = await CreateAsync(one);

        await one.Threads.DeleteAsync(EngineHost.Owner, thread, Token);

        Assert.Equal([other.CronId.ToString()], await source.LinesAsync("select cron_id from crons"));
    }

    [Fact]
    public async Task Trap_14_the_crons_of_another_owner_are_unknown()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one);
        var thread = await one.CreateThreadAsync();
        var service = one.Get<CronService>();
        const string body = """{"enabled":false,"assistant_id":"echo","schedule":"0 0 1 1 *"}""";

        foreach (var refused in new Func<Task>[]
        {
            () => service.PatchAsync("somebody", cron.CronId, Read(body), new RawJson(body), Token),
            () => service.DeleteAsync("somebody", cron.CronId, Token),
            () => service.CreateAsync("somebody", thread, Read(body), new RawJson(body), Token),
        })
        {
            Assert.Equal(ErrorCode.NotFound, (await Assert.ThrowsAsync<ProtocolException>(refused)).Code);
        }

        Assert.Equal((0, 1), (
            await service.CountAsync("somebody", new CronSearchRequest(), Token), await service.CountAsync(EngineHost.Owner, new CronSearchRequest(), Token)));
        Assert.Empty((await service.SearchAsync("somebody", new CronSearchRequest(), Token)).Items);
    }

    [Fact]
    public async Task A_new_schedule_takes_back_what_the_old_one_had_begun()
    {
        await using var one = await EngineHost.StartAsync(postgres.ConnectionString);
        var cron = await CreateAsync(one);
        var taken = await DieWhileFiringAsync(cron, one.Get<CronStore>());

        var body = """{"schedule":"0 0 2 1 *"}""";
        var changed = await one.Get<CronService>().PatchAsync(EngineHost.Owner, cron.CronId, Read(body), new RawJson(body), Token);
        await one.Get<CronStore>().CompleteAsync(cron.CronId, taken.FiringRun!.Value, null, Token);

        Assert.Equal((1, 2), (changed.NextRunDate!.Value.Month, changed.NextRunDate.Value.Day));
        Assert.True(await source.ScalarAsync<bool>("select next_run_date = $1 and firing_run is null from crons", changed.NextRunDate.Value));
    }

    private static async Task<Cron> CreateAsync(EngineHost host, string body = """{"schedule":"0 0 1 1 *"}""", Guid? thread = null)
    {
        body = $$"""{"assistant_id":"echo",{{body[1..]}}""";
        return await host.Get<CronService>().CreateAsync(EngineHost.Owner, thread, Read(body), new RawJson(body), Token);
    }

    private static CronCreate Read(string body) => JsonSerializer.Deserialize(body, ProtocolJsonContext.Default.CronCreate)!;

    /// <summary>Takes a cron as a node would that dies before it does anything else.</summary>
    private async Task<CronRow> DieWhileFiringAsync(Cron cron, CronStore store)
    {
        // The loops of the hosts look for due crons too: taken in one statement with becoming due, this one is ours.
        await source.ExecuteAsync(
            """
            update crons set next_run_date = now() - interval '1 second', firing_run = $2, firing_thread = $3, firing_until = now() + interval '1 hour'
            where cron_id = $1
            """,
            cron.CronId, Guid.CreateVersion7(), Guid.CreateVersion7());
        CronRow? taken = null;
        await store.UpdateAsync(EngineHost.Owner, cron.CronId, (row, _) => ((taken = row)!, null, false), Token);
        return taken!;
    }

    private static async Task InsertDueAsync(QueueHarness queue) => await queue.Database.Source.ExecuteAsync(
        """
        insert into crons (cron_id, assistant_id, on_run_completed, schedule, payload, next_run_date)
        values ($1, $1, 'delete', '0 0 1 1 *', '{}', now() - interval '1 second')
        """,
        Guid.CreateVersion7());

    /// <summary>Makes a cron due and returns when it has been fired.</summary>
    private async Task FireAsync(Cron cron)
    {
        await source.ExecuteAsync("update crons set next_run_date = now() - interval '1 second' where cron_id = $1", cron.CronId);
        await UntilFiredAsync();
    }

    private Task UntilFiredAsync() => Until.TrueAsync(
        async () => await source.ScalarAsync<bool>("select not exists (select from crons where next_run_date <= now() or firing_run is not null)"), Token);

    private Task<long> CountRunsAsync(Cron cron) => source.ScalarAsync<long>("select count(*) from runs where filter->>'cron_id' = $1", cron.CronId.ToString());
}
