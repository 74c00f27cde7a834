using AgentProtocol.Engine.Storage;
using Hangfire.PostgreSql;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Hangfire;

/// <summary>Prepares Hangfire's schema behind ours, under the same lock: any number of nodes may start at once.</summary>
internal sealed class HangfireSchema(ProtocolDatabase database, TimeProvider time, ILogger<HangfireSchema> logger) : IHostedLifecycleService
{
    public static Task PrepareAsync(string connectionString, CancellationToken cancellationToken) => DatabaseMigrator.AloneAsync(
        connectionString,
        connection => Task.Run(() => PostgreSqlObjectsInstaller.Install(connection, HangfireStorage.Schema), cancellationToken),
        cancellationToken);

    public Task StartingAsync(CancellationToken cancellationToken) => SchemaMigration.PersistAsync(
        () => PrepareAsync(database.ConnectionString, cancellationToken), time, logger, cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
