using System.Diagnostics;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>Nothing else may write to the cluster while its log is measured.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What a run costs the database (design 4, budget).</summary>
[Collection(nameof(Alone))]
public sealed class StatementBudgetTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    private const int Concurrency = 256;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Under_load_runs_share_statements_and_stay_below_their_share_of_the_log()
    {
        await using var source = NpgsqlDataSource.Create(postgres.ConnectionString);
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString);
        using var counter = new StatementCounter(new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Database!);
        // The first burst compiles, prepares, and makes the page images that follow a checkpoint.
        await BurstAsync(host, source);
        counter.Reset();
        var before = await source.ScalarAsync<long>("/* test */ select (pg_current_wal_lsn() - '0/0')::bigint");

        await BurstAsync(host, source);

        // Each is a commit of its own; making the threads is not part of the budget of runs.
        var perRun = (double)(counter.OfRuns - counter["create thread"]) / Concurrency;
        var log = (await source.ScalarAsync<long>("/* test */ select (pg_current_wal_lsn() - '0/0')::bigint") - before) / Concurrency;
        TestContext.Current.TestOutputHelper!.WriteLine($"{perRun:0.000} statements and commits, {log} bytes of log per run: {counter}");
        Assert.InRange(perRun, 0.001, 0.1);
        Assert.Equal(0, counter["begin"]);
        Assert.True(counter["test"] > 0, "The statements of the test itself were not counted: the counter does not see what it should");
        Assert.InRange(log, 1, 6 * 1024);
    }

    [Fact]
    public async Task Alone_a_run_is_one_statement_to_create_and_one_to_finish()
    {
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString);
        var thread = await host.CreateThreadAsync();
        using var counter = new StatementCounter(new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Database!);

        var run = await host.CreateRunAsync(thread, "hello");

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(run)).Run!.Status);
        Assert.Equal((1, 1, 0, 0), (counter["create run"], counter["finish"], counter["begin"], counter["create thread"]));
        Assert.InRange(counter["append"], 0, 1);
        Assert.Equal(0, counter["assistant"]);
    }

    private static async Task BurstAsync(EngineHost host, NpgsqlDataSource source)
    {
        await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(async _ => await host.CreateRunAsync(await host.CreateThreadAsync(), "hello")));
        var since = Stopwatch.GetTimestamp();
        while (await source.ScalarAsync<long>("/* test */ select count(*) from run_work") > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, "The runs do not end");
        }
    }
}
