using AgentProtocol.Engine.Storage;
using Hangfire;
using Hangfire.PostgreSql;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AgentProtocol.Hangfire;

/// <summary>Hangfire's tables: in the same database, but with a schema and a pool of their own, so that neither starves the other.</summary>
internal sealed class HangfireStorage : IConnectionFactory, IAsyncDisposable
{
    /// <summary>Where Hangfire's tables are.</summary>
    public const string Schema = "hangfire";

    /// <summary>The one queue. Hangfire would take queues in the order of their names.</summary>
    public const string Queue = "runs";

    /// <summary>Workers hold a connection for some milliseconds at the beginning and the end of a job, not in between.</summary>
    private const int MaxConnections = 30;

    private readonly NpgsqlDataSource source;

    public HangfireStorage(ProtocolDatabase database, IOptions<HangfireOptions> options, DeliveryRoom room)
    {
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString)
        {
            ApplicationName = "agentprotocol-hangfire",
            MinPoolSize = 0,
            Enlist = false,
            TcpKeepAlive = true,
        };
        settings.MaxPoolSize = Math.Min(settings.MaxPoolSize, MaxConnections);
        source = NpgsqlDataSource.Create(settings);
        var storageOptions = new PostgreSqlStorageOptions
        {
            SchemaName = Schema,
            // Nodes that install at once throw; ours go one after the other (HangfireSchema).
            PrepareSchemaIfNecessary = false,
            AllowDegradedModeWithoutStorage = false,
            QueuePollInterval = options.Value.PollInterval,
            InvisibilityTimeout = options.Value.InvisibilityTimeout,
            // With a fixed timeout a longer run would be delivered again while it executes, without end.
            UseSlidingInvisibilityTimeout = true,
            // A listener per worker, which is lost with its connection and can hang with a fetched job.
            EnableLongPolling = false,
            // These locks are held for milliseconds; a process that dies in between holds them until this ends.
            DistributedLockTimeout = TimeSpan.FromMinutes(1),
        };
        var storage = new PostgreSqlStorage(this, storageOptions) { JobExpirationTimeout = options.Value.JobRetention };
        storage.QueueProviders.Add(new PacedJobQueueProvider(new PostgreSqlJobQueueProvider(storage, storageOptions), room), [Queue]);
        Jobs = storage;
    }

    public JobStorage Jobs { get; }

    public NpgsqlConnection GetOrCreateConnection() => source.CreateConnection();

    /// <summary>How many jobs wait for a worker.</summary>
    public long CountEnqueued() => Jobs.GetMonitoringApi().EnqueuedCount(Queue);

    public ValueTask DisposeAsync() => source.DisposeAsync();
}
