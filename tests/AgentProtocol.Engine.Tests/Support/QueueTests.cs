using AgentProtocol.Testing.Postgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.Support;

/// <summary>Tests of the queue with two nodes, each with its own pool and its own group commits, as two processes have them.</summary>
public abstract class QueueTests : IClassFixture<MigratedPostgres>, IAsyncLifetime
{
    private readonly MigratedPostgres postgres;

    private protected QueueTests(MigratedPostgres postgres) => this.postgres = postgres;

    private protected QueueHarness Queue { get; private set; } = null!;

    private protected QueueHarness OtherQueue { get; private set; } = null!;

    private protected NpgsqlDataSource Database => Queue.Database.Source;

    private protected Guid Node { get; private set; }

    private protected Guid OtherNode { get; private set; }

    private protected string ConnectionString => postgres.ConnectionString;

    public virtual async ValueTask InitializeAsync()
    {
        Queue = new QueueHarness(postgres.ConnectionString);
        OtherQueue = new QueueHarness(postgres.ConnectionString);
        // A test finds nothing of the one before it.
        await Database.ExecuteAsync("truncate threads, thread_heads, checkpoints, checkpoint_runs, pauses, runs, run_work, run_updates, run_events, nodes, webhook_outbox, webhook_deliveries, idempotency_keys, crons");
        Node = await Queue.JoinAsync();
        OtherNode = await Queue.JoinAsync();
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        await Queue.DisposeAsync();
        await OtherQueue.DisposeAsync();
    }
}
