using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>The database: a pool for statements, and contexts for ordinary queries.</summary>
internal sealed class ProtocolDatabase : IAsyncDisposable
{
    private readonly DbContextOptions<ProtocolDbContext> contextOptions;

    public ProtocolDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        if (!settings.ContainsKey("Max Auto Prepare"))
        {
            settings.MaxAutoPrepare = 100;
            settings.AutoPrepareMinUsages = 2;
        }

        settings.ApplicationName ??= "agentprotocol";
        // Connections never change session state, so the reset that costs a part of every use is not needed.
        settings.NoResetOnClose = true;
        Source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
        contextOptions = new DbContextOptionsBuilder<ProtocolDbContext>()
            .UseNpgsql(Source)
            .UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking)
            .Options;
    }

    /// <summary>The connection string as configured.</summary>
    public string ConnectionString { get; }

    public NpgsqlDataSource Source { get; }

    public ProtocolDbContext CreateContext() => new(contextOptions);

    public ValueTask DisposeAsync() => Source.DisposeAsync();
}
