using System.Security.Cryptography;
using System.Text;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Runs;

/// <summary>The same idempotency key gives the same run, for as long as that run has not been rolled back (design 3, invariant 10).</summary>
public sealed class IdempotencyTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private EngineHost one = null!;
    private EngineHost other = null!;
    private NpgsqlDataSource source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        source = NpgsqlDataSource.Create(postgres.ConnectionString);
        one = await EngineHost.StartAsync(postgres.ConnectionString);
        other = await EngineHost.StartAsync(postgres.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await other.DisposeAsync();
        await source.DisposeAsync();
    }

    [Theory]
    [InlineData(MultitaskStrategy.Enqueue)]
    [InlineData(MultitaskStrategy.Reject)]
    [InlineData(MultitaskStrategy.Interrupt)]
    [InlineData(MultitaskStrategy.Rollback)]
    public async Task Requests_with_one_key_at_once_end_with_one_run_on_any_node(MultitaskStrategy strategy)
    {
        var thread = await one.CreateThreadAsync();
        var key = Key();

        var runs = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => Task.Run(() => CreateAsync(i % 2 == 0 ? one : other, thread, key, strategy))));

        var run = Assert.Single(runs.Select(created => created.Run.RunId).Distinct());
        Assert.Equal(RunStatus.Success, (await one.WaitAsync(run)).Run!.Status);
        Assert.Equal(1, await source.ScalarAsync<long>("select count(*) from runs where thread_id = $1", thread));
        Assert.Equal(1, await source.ScalarAsync<int>("select attempt from runs where run_id = $1", run));
    }

    [Fact]
    public async Task Stateless_requests_with_one_key_share_the_run_and_its_temporary_thread()
    {
        var key = Key();

        var runs = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(() => CreateAsync(i % 2 == 0 ? one : other, null, key))));

        var (run, thread) = Assert.Single(runs.Select(created => (created.Run.RunId, created.Run.ThreadId)).Distinct());
        Assert.All(runs, created => Assert.True(created.Stateless));
        Assert.Equal(RunStatus.Success, (await other.WaitAsync(run)).Run!.Status);
        Assert.Equal(1, await source.ScalarAsync<long>("select count(*) from runs where thread_id = $1", thread));
    }

    [Fact]
    public async Task What_a_crash_left_reserved_is_created_under_the_reserved_ids()
    {
        var key = Key();
        var (run, thread) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await one.Get<KeyReservations>().ReserveAsync(EngineHost.Owner, key, run, thread, Token);

        var created = await CreateAsync(other, null, key);

        Assert.Equal((run, thread), (created.Run.RunId, created.Run.ThreadId));
        Assert.Equal(RunStatus.Success, (await one.WaitAsync(run)).Run!.Status);
    }

    [Fact]
    public async Task A_refused_request_creates_nothing_and_its_repetition_creates_the_run()
    {
        var thread = await one.CreateThreadAsync();
        var busy = await one.CreateRunAsync(thread, "sleep 600");
        var key = Key();
        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => CreateAsync(one, thread, key, MultitaskStrategy.Reject));
        Assert.Equal(ErrorCode.Conflict, refusal.Code);
        await one.Runs.CancelAsync(EngineHost.Owner, thread, busy, CancelAction.Interrupt, wait: true, Token);

        var created = await CreateAsync(one, thread, key, MultitaskStrategy.Reject);

        Assert.Equal(created.Run.RunId, (await CreateAsync(other, thread, key, MultitaskStrategy.Reject)).Run.RunId);
        Assert.Equal(2, await source.ScalarAsync<long>("select count(*) from runs where thread_id = $1", thread));
    }

    [Fact]
    public async Task A_repetition_is_told_of_the_run_as_it_is_now()
    {
        var thread = await one.CreateThreadAsync();
        var key = Key();
        var created = await CreateAsync(one, thread, key);
        Assert.Equal(RunStatus.Pending, created.Run.Status);
        await one.WaitAsync(created.Run.RunId);

        Assert.Equal(RunStatus.Success, (await CreateAsync(other, thread, key)).Run.Status);
    }

    [Fact]
    public async Task A_repeated_stream_begins_with_the_first_event()
    {
        var key = Key();
        var first = await ReadAsync(await CreateAsync(one, null, key, reader: RunReader.Stream));

        Assert.Equal("metadata", first[0].Name);
        Assert.Equal(first, await ReadAsync(await CreateAsync(other, null, key, reader: RunReader.Stream)));
    }

    [Theory]
    [InlineData(CancelAction.Rollback)]
    [InlineData(CancelAction.Interrupt)]
    public async Task A_run_that_was_erased_has_no_key_any_more(CancelAction erasure)
    {
        var thread = await one.CreateThreadAsync();
        await one.CreateRunAsync(thread, "sleep 600");
        var key = Key();
        var erased = (await CreateAsync(one, thread, key)).Run.RunId;
        await one.Runs.CancelAsync(EngineHost.Owner, thread, erased, erasure, wait: true, Token);
        if (erasure == CancelAction.Interrupt)
        {
            await one.Runs.DeleteAsync(EngineHost.Owner, thread, erased, force: false, Token);
        }

        Assert.NotEqual(erased, (await CreateAsync(one, thread, key)).Run.RunId);
    }

    [Fact]
    public async Task A_deleted_thread_takes_its_keys_along()
    {
        var key = Key();
        var thread = (await one.Threads.CreateAsync(EngineHost.Owner, new ThreadCreate(), key, Token)).ThreadId;
        var runKey = Key();
        await CreateAsync(one, thread, runKey);
        await one.Threads.DeleteAsync(EngineHost.Owner, thread, Token);

        Assert.NotEqual(thread, (await one.Threads.CreateAsync(EngineHost.Owner, new ThreadCreate(), key, Token)).ThreadId);
        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => CreateAsync(one, thread, runKey));
        Assert.Equal(ErrorCode.NotFound, refusal.Code);
    }

    [Fact]
    public async Task One_key_for_two_requests_is_refused_by_the_name_of_the_header()
    {
        var key = Key();
        await CreateAsync(one, null, key);

        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => CreateAsync(other, null, key with { RequestHash = Hash("another") }));

        Assert.Equal((ErrorCode.ValidationError, "header", "Idempotency-Key"), (refusal.Code, refusal.Errors![0].Loc[0], refusal.Errors[0].Loc[1]));
    }

    [Fact]
    public async Task Owners_share_no_keys_and_items_of_one_request_are_apart()
    {
        var key = Key();
        var mine = (await CreateAsync(one, null, key)).Run.RunId;

        Assert.NotEqual(mine, (await CreateAsync(one, null, key, owner: "somebody")).Run.RunId);
        Assert.NotEqual(mine, (await CreateAsync(one, null, key with { Item = 1 })).Run.RunId);
        Assert.Equal(mine, (await CreateAsync(one, null, key)).Run.RunId);
    }

    [Fact]
    public async Task A_thread_is_created_once_per_key()
    {
        var key = Key();
        var threads = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => Task.Run(
            () => (i % 2 == 0 ? one : other).Threads.CreateAsync(EngineHost.Owner, new ThreadCreate(), key, Token))));

        Assert.Single(threads.Select(thread => thread.ThreadId).Distinct());
    }

    [Fact]
    public async Task A_thread_that_was_there_before_its_key_stays_a_conflict()
    {
        var request = new ThreadCreate { ThreadId = await one.CreateThreadAsync() };
        var key = Key();
        for (var tries = 0; tries < 2; tries++)
        {
            var refusal = await Assert.ThrowsAsync<ProtocolException>(() => one.Threads.CreateAsync(EngineHost.Owner, request, key, Token));
            Assert.Equal(ErrorCode.Conflict, refusal.Code);
        }
    }

    [Fact]
    public async Task Keys_past_their_retention_are_forgotten_in_batches()
    {
        await source.ExecuteAsync("delete from idempotency_keys");
        var kept = Key();
        for (var i = 0; i < 5; i++)
        {
            await CreateAsync(one, null, i == 0 ? kept : Key());
        }

        await source.ExecuteAsync("update idempotency_keys set created_at = now() - interval '25 hours' where key <> $1", kept.Value);
        await using var connection = await source.OpenConnectionAsync(Token);
        Assert.Equal(3, await KeyReservations.DeleteExpiredAsync(connection, TimeSpan.FromHours(24), 3, Token));
        Assert.Equal(1, await KeyReservations.DeleteExpiredAsync(connection, TimeSpan.FromHours(24), 3, Token));
        Assert.Equal(0, await KeyReservations.DeleteExpiredAsync(connection, TimeSpan.FromHours(24), 3, Token));
        Assert.Equal([kept.Value], await source.LinesAsync("select key from idempotency_keys"));
    }

    private static IdempotencyKey Key() => new(Guid.NewGuid().ToString(), Hash("request"));

    private static byte[] Hash(string request) => SHA256.HashData(Encoding.UTF8.GetBytes(request));

    private static Task<CreatedRun> CreateAsync(
        EngineHost host, Guid? thread, IdempotencyKey key, MultitaskStrategy strategy = MultitaskStrategy.Enqueue,
        RunReader reader = RunReader.None, string owner = EngineHost.Owner)
    {
        const string body = """{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"hello"}]}}""";
        var request = new RunCreate { AssistantId = "echo", Input = JsonText.Parse(body).GetProperty("input"), MultitaskStrategy = strategy };
        return host.Runs.CreateAsync(owner, new NewRun(thread, request, new RawJson(body), reader, key), Token);
    }

    private static async Task<List<RunStreamEvent>> ReadAsync(CreatedRun created)
    {
        await using var stream = created.Stream!;
        return await stream.ReadAsync(Token).ToListAsync(Token);
    }
}
