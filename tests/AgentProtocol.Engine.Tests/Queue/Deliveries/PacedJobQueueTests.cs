using System.Data;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Hangfire;
using AgentProtocol.Testing;
using Hangfire.PostgreSql;
using Hangfire.Storage;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Deliveries;

/// <summary>When workers ask the database for jobs.</summary>
public sealed class PacedJobQueueTests
{
    private readonly NodeSlots slots = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_worker_keeps_its_turn_while_the_database_is_away()
    {
        slots.Open(Guid.NewGuid(), capacity: 1);
        using var turns = new SemaphoreSlim(1);
        var inner = new StubQueue(() => turns.CurrentCount) { Failures = 2 };

        await DequeueAsync(inner, turns, new DeliveryRoom(slots), Token);

        Assert.Equal([0, 0, 0], inner.FreeTurns);
        Assert.Equal(1, turns.CurrentCount);
    }

    [Fact]
    public async Task A_shutdown_ends_the_wait_for_the_database()
    {
        slots.Open(Guid.NewGuid(), capacity: 1);
        using var turns = new SemaphoreSlim(1);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var inner = new StubQueue(() => 0) { Failures = int.MaxValue, Asked = stop.Cancel };

        await Assert.ThrowsAsync<OperationCanceledException>(() => DequeueAsync(inner, turns, new DeliveryRoom(slots), stop.Token));
    }

    [Fact]
    public async Task No_more_jobs_are_fetched_than_there_are_free_slots()
    {
        var node = Guid.NewGuid();
        slots.Open(node, capacity: 2);
        using var turns = new SemaphoreSlim(4);
        var (inner, room) = (new StubQueue(() => 0), new DeliveryRoom(slots));
        var first = await DequeueAsync(inner, turns, room, Token);
        await DequeueAsync(inner, turns, room, Token);

        var third = DequeueAsync(inner, turns, room, Token);
        await UntilOneWaitsAsync(turns);
        // The first has its slot now, which makes no room; then its run ends.
        slots.Reserve(1);
        room.Leave();
        Assert.Equal(2, inner.FreeTurns.Count);
        room.Return();
        slots.Release(node);
        first.Dispose();

        await third;
        Assert.Equal(3, inner.FreeTurns.Count);
    }

    [Fact]
    public async Task A_shutdown_ends_the_wait_for_a_slot()
    {
        slots.Open(Guid.NewGuid(), capacity: 1);
        using var turns = new SemaphoreSlim(4);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var (inner, room) = (new StubQueue(() => 0), new DeliveryRoom(slots));
        await DequeueAsync(inner, turns, room, Token);
        var second = DequeueAsync(inner, turns, room, stop.Token);
        await UntilOneWaitsAsync(turns);

        slots.Close();
        await stop.CancelAsync();

        await Assert.ThrowsAsync<OperationCanceledException>(() => second);
        Assert.Equal(4, turns.CurrentCount);
    }

    private static Task UntilOneWaitsAsync(SemaphoreSlim turns) => Until.TrueAsync(() => Task.FromResult(turns.CurrentCount == 3), Token);

    private static Task<IFetchedJob> DequeueAsync(StubQueue inner, SemaphoreSlim turns, DeliveryRoom room, CancellationToken cancellationToken) =>
        Task.Run(() => new PacedJobQueue(inner, turns, room).Dequeue(["runs"], cancellationToken), CancellationToken.None);

    /// <summary>A queue in which there is always a job, once the database is there.</summary>
    private sealed class StubQueue(Func<int> freeTurns) : IPersistentJobQueue
    {
        private readonly Lock gate = new();

        public int Failures { get; set; }

        public Action Asked { get; init; } = () => { };

        /// <summary>How many turns were free when it was asked.</summary>
        public List<int> FreeTurns { get; } = [];

        public IFetchedJob Dequeue(string[] queues, CancellationToken cancellationToken)
        {
            lock (gate)
            {
                FreeTurns.Add(freeTurns());
                Asked();
                return Failures-- > 0 ? throw new NpgsqlException("away") : new StubJob();
            }
        }

        public void Enqueue(IDbConnection connection, string queue, string jobId) => throw new NotSupportedException();
    }

    private sealed class StubJob : IFetchedJob
    {
        public string JobId => "1";

        public void RemoveFromQueue()
        {
        }

        public void Requeue()
        {
        }

        public void Dispose()
        {
        }
    }
}
