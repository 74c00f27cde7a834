using System.Diagnostics;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>A transaction that holds what its statement locked until the test says so: the way to stop others in the middle.</summary>
internal sealed class HeldTransaction : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly NpgsqlConnection connection;
    private readonly NpgsqlTransaction transaction;

    private HeldTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        (this.connection, this.transaction) = (connection, transaction);

    public static Task<HeldTransaction> LockHeadAsync(QueueHarness queue, Guid threadId) =>
        BeginAsync(queue, "select 1 from thread_heads where thread_id = $1 for no key update", threadId);

    public static Task<HeldTransaction> LockWorkAsync(QueueHarness queue, Guid runId) =>
        BeginAsync(queue, "select 1 from run_work where run_id = $1 for no key update", runId);

    public static async Task<HeldTransaction> BeginAsync(QueueHarness queue, string sql, Guid id)
    {
        var connection = await queue.Database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var held = new HeldTransaction(connection, await connection.BeginTransactionAsync(TestContext.Current.CancellationToken));
        await using var command = new NpgsqlCommand(sql, connection) { Parameters = { new() { Value = id } } };
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return held;
    }

    /// <summary>Goes on in the same transaction.</summary>
    public async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Returns once this many sessions of the database wait for a lock.</summary>
    public async Task UntilBlocksAsync(int sessions)
    {
        var since = Stopwatch.GetTimestamp();
        while (await CountWaitingAsync() < sessions)
        {
            Assert.True(Stopwatch.GetElapsedTime(since) < Patience, $"Nobody waits for a lock, or fewer than {sessions}");
        }
    }

    public Task CommitAsync() => transaction.CommitAsync(TestContext.Current.CancellationToken);

    public Task RollbackAsync() => transaction.RollbackAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    private async Task<long> CountWaitingAsync()
    {
        // Statistics stand still within a transaction unless they are thrown away.
        await using var clear = new NpgsqlCommand("select pg_stat_clear_snapshot()", connection);
        await clear.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        await using var count = new NpgsqlCommand(
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", connection);
        return (long)(await count.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }
}
