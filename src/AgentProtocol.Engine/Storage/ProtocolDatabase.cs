using AgentProtocol.Contracts;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>The database: a pool for statements, and contexts for ordinary queries.</summary>
internal sealed class ProtocolDatabase : IAsyncDisposable
{
    /// <summary>
    /// Named statements join a handful of given rows with tables by key. A plan made once, while those tables are
    /// small, would scan them for ever; nested loops over keys are right at any size.
    /// </summary>
    private const string KeyedPlans =
        "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off";

    /// <summary>Lists and counts are few; they must not double a node's share of the database's connections.</summary>
    private const int MaxQueryConnections = 10;

    private readonly NpgsqlDataSource queries;
    private readonly DbContextOptions<ProtocolDbContext> contextOptions;

    public ProtocolDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        queries = new NpgsqlDataSourceBuilder(
                new NpgsqlConnectionStringBuilder(connectionString) { MinPoolSize = 0, MaxPoolSize = MaxQueryConnections }.ConnectionString)
            // Filter copies are as deep as what users may send; the serializer's own limit would fail each list that holds such a row.
            .ConfigureJsonOptions(ProtocolJsonContext.Default.Options)
            .Build();
        contextOptions = new DbContextOptionsBuilder<ProtocolDbContext>()
            .UseNpgsql(queries)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options;

        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        settings.ApplicationName ??= "agentprotocol";
        // Connections never change session state, so the reset that costs a part of every use is not needed.
        settings.NoResetOnClose = true;
        settings.MaxAutoPrepare = Math.Max(settings.MaxAutoPrepare, 100);
        settings.AutoPrepareMinUsages = 2;
        settings.Options = $"{settings.Options} {KeyedPlans}".Trim();
        Source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>The connection string as configured.</summary>
    public string ConnectionString { get; }

    /// <summary>The pool for named statements, which are prepared.</summary>
    public NpgsqlDataSource Source { get; }

    public ProtocolDbContext CreateContext() => new(contextOptions);

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await queries.DisposeAsync();
    }
}
