using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Execution;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Storage;

/// <summary>Threads with a time to live go when nothing has changed on them for that long. Rows are aged instead of waiting.</summary>
public sealed class ThreadTtlTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private EngineHost host = null!;
    private NpgsqlDataSource source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        source = NpgsqlDataSource.Create(postgres.ConnectionString);
        host = await EngineHost.StartAsync(postgres.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await source.DisposeAsync();
    }

    [Fact]
    public async Task A_thread_goes_with_all_it_has_when_nothing_has_changed_for_its_time_to_live()
    {
        var gone = await CreateAsync("60");
        var run = await host.CreateRunAsync(gone, "hello");
        await host.WaitAsync(run);
        var forever = await CreateAsync(null);
        var younger = await CreateAsync("""{"ttl":120.5,"strategy":"delete"}""");
        foreach (var thread in new[] { gone, forever, younger })
        {
            await AgeAsync(thread, minutes: 61);
        }

        await SweepAsync();

        Assert.Equal(new[] { forever, younger }.Order(), await ExistingAsync(gone, forever, younger));
        foreach (var table in new[] { "runs", "checkpoints", "thread_heads" })
        {
            Assert.Equal(0, await source.ScalarAsync<long>($"select count(*) from {table} where thread_id = $1", gone));
        }

        Assert.Equal(0, await source.ScalarAsync<long>("select count(*) from run_events where run_id = $1", run));
        await AgeAsync(younger, minutes: 121);
        await SweepAsync();
        Assert.Equal([forever], await ExistingAsync(forever, younger));
    }

    [Fact]
    public async Task It_counts_from_the_last_change()
    {
        var thread = await CreateAsync("60");
        await AgeAsync(thread, minutes: 61);
        await host.Threads.PatchAsync(EngineHost.Owner, thread, new ThreadPatch { Metadata = JsonText.Parse("""{"a":1}""") }, null, Token);

        await SweepAsync();

        Assert.Equal([thread], await ExistingAsync(thread));
    }

    [Fact]
    public async Task A_thread_with_a_run_in_flight_stays()
    {
        var thread = await CreateAsync("60");
        var run = await host.CreateRunAsync(thread, "sleep 600");
        await AgeAsync(thread, minutes: 61);
        await SweepAsync();
        Assert.Equal([thread], await ExistingAsync(thread));

        await host.Runs.CancelAsync(EngineHost.Owner, thread, run, CancelAction.Interrupt, wait: true, Token);
        await AgeAsync(thread, minutes: 61);
        await SweepAsync();
        Assert.Empty(await ExistingAsync(thread));
    }

    [Fact]
    public async Task A_shorter_time_to_live_takes_effect_at_once()
    {
        var thread = await CreateAsync("100000");
        await SweepAsync();
        await host.Threads.PatchAsync(EngineHost.Owner, thread, new ThreadPatch { Ttl = JsonText.Parse("1") }, null, Token);
        await source.ExecuteAsync("update thread_heads set updated_at = now() - interval '2 minutes' where thread_id = $1", thread);

        await SweepAsync();

        Assert.Empty(await ExistingAsync(thread));
    }

    [Theory]
    [InlineData("1e308")]
    [InlineData("1e-300")]
    [InlineData("99999999999999999999")]
    public async Task No_number_of_minutes_stops_the_sweep(string ttl)
    {
        await CreateAsync(ttl);
        var other = await CreateAsync("1");
        await AgeAsync(other, minutes: 2);

        await SweepAsync();

        Assert.Empty(await ExistingAsync(other));
    }

    [Fact]
    public async Task Each_sweep_is_bounded_and_nodes_may_sweep_at_once()
    {
        List<Guid> threads = [];
        for (var i = 0; i < 12; i++)
        {
            threads.Add(await CreateAsync("1"));
            await AgeAsync(threads[i], minutes: 2);
        }

        var looked = await Task.WhenAll(Enumerable.Range(0, 2).Select(async _ =>
        {
            await using var connection = await source.OpenConnectionAsync(Token);
            return (await ThreadRemoval.DeleteOutlivedAsync(connection, 3, Token)).LookedAt;
        }));
        Assert.All(looked, count => Assert.InRange(count, 0, 3));
        Assert.Equal(12 - looked.Sum(), (await ExistingAsync([.. threads])).Count);
        await Task.WhenAll(SweepAsync(), SweepAsync());
        await SweepAsync();
        Assert.Empty(await ExistingAsync([.. threads]));
    }

    private async Task<Guid> CreateAsync(string? ttl) => (await host.Threads.CreateAsync(
        EngineHost.Owner, new ThreadCreate { Ttl = ttl is null ? null : JsonText.Parse(ttl) }, Token)).ThreadId;

    private async Task AgeAsync(Guid thread, int minutes)
    {
        await source.ExecuteAsync("update thread_heads set updated_at = now() - make_interval(mins => $2) where thread_id = $1", thread, minutes);
        await source.ExecuteAsync("update threads set look_at = look_at - make_interval(mins => $2) where thread_id = $1", thread, minutes);
    }

    private Task<bool> SweepAsync() => host.Get<RetentionSweeper>().RunOnceAsync(Token);

    private async Task<IReadOnlyList<Guid>> ExistingAsync(params Guid[] threads) => [.. (await source.LinesAsync(
        "select thread_id from threads where thread_id = any($1) order by 1", threads)).Select(Guid.Parse)];
}
