using AgentProtocol.Engine.Access;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Testing.Postgres;
using AgentProtocol.Testing.Time;
using Npgsql;
using Xunit;

namespace AgentProtocolServer.Tests.Access;

/// <summary>Keys are known from memory, and for how long.</summary>
public sealed class KeyRingTests : IAsyncLifetime
{
    private readonly ManualTimeProvider time = new();
    private TestDatabase database = null!;
    private ProtocolDatabase protocol = null!;
    private ApiKeys keys = null!;
    private KeyRing ring = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await MigratedPostgres.CreateAsync();
        protocol = new ProtocolDatabase(database.ConnectionString);
        var store = new ApiKeyStore(protocol);
        keys = new ApiKeys(store);
        ring = new KeyRing(store, time);
    }

    public async ValueTask DisposeAsync()
    {
        await protocol.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_key_is_known_a_second_after_it_was_made_and_unknown_three_after_it_was_revoked()
    {
        Assert.Null(await ring.FindAsync(Guess(), Token));
        var made = await MakeAsync();
        Assert.Null(await ring.FindAsync(made.Secret, Token));
        time.Advance(KeyRing.MissPause);
        Assert.Equal(made.Key.Id, (await ring.FindAsync(made.Secret, Token))?.Id);

        await keys.RevokeAsync(made.Key.Id.ToString(), Token);
        time.Advance(KeyRing.Freshness - TimeSpan.FromTicks(1));
        Assert.NotNull(await ring.FindAsync(made.Secret, Token));
        time.Advance(TimeSpan.FromTicks(1));
        Assert.Null(await ring.FindAsync(made.Secret, Token));
    }

    [Fact]
    public async Task Neither_use_nor_guessing_costs_statements()
    {
        var made = await MakeAsync();
        Assert.NotNull(await ring.FindAsync(made.Secret, Token));

        // With the table gone, whoever asked it would hear so.
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using (var command = source.CreateCommand("alter table api_keys rename to gone"))
        {
            await command.ExecuteNonQueryAsync(Token);
        }

        for (var i = 0; i < 100; i++)
        {
            Assert.NotNull(await ring.FindAsync(made.Secret, Token));
            Assert.Null(await ring.FindAsync(Guess(), Token));
            Assert.True(await ring.HasHadKeysAsync(Token));
        }

        time.Advance(KeyRing.MissPause);
        await Assert.ThrowsAsync<PostgresException>(() => ring.FindAsync(Guess(), Token).AsTask());
        Assert.Null(await ring.FindAsync("shorter than any key", Token));
    }

    [Fact]
    public async Task A_server_whose_last_key_was_revoked_does_not_fall_open()
    {
        Assert.False(await ring.HasHadKeysAsync(Token));
        var made = await MakeAsync();
        await keys.RevokeAsync(made.Key.Prefix, Token);
        time.Advance(KeyRing.Freshness);
        Assert.True(await ring.HasHadKeysAsync(Token));
        Assert.Null(await ring.FindAsync(made.Secret, Token));
    }

    [Fact]
    public async Task Keys_differ_and_only_their_prefix_is_kept()
    {
        var (one, two) = (await MakeAsync(), await MakeAsync());
        Assert.NotEqual(one.Secret, two.Secret);
        Assert.Matches("^aps_[0-9a-f]{12}_[0-9a-f]{64}$", one.Secret);
        Assert.StartsWith(one.Key.Prefix + "_", one.Secret, StringComparison.Ordinal);
        Assert.Equal(["read", "run"], one.Key.Scopes);
        await Assert.ThrowsAsync<ArgumentException>(() => keys.CreateAsync("x", ["everything"], null, null, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => keys.CreateAsync(" ", ["read"], null, null, Token));
    }

    private Task<NewApiKey> MakeAsync() => keys.CreateAsync("local", ["run", "read"], "test", null, Token);

    private static string Guess() => KeyText.Mint().Secret;
}
