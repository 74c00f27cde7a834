using AgentProtocol.Engine.Observability;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AgentProtocol.Engine.Storage;

/// <summary>Brings the database up to date before anything else of the host starts, and waits for one that is not up yet.</summary>
internal sealed class SchemaMigration(ProtocolDatabase database, TimeProvider time, ILogger<SchemaMigration> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public Task StartingAsync(CancellationToken cancellationToken) => PersistAsync(
        () => DatabaseMigrator.MigrateAsync(database.ConnectionString, time, cancellationToken), time, logger, cancellationToken);

    /// <summary>Repeats a change of the schema until it succeeds, fails for good, or fails a minute after the start.</summary>
    public static async Task PersistAsync(Func<Task> change, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var since = time.GetTimestamp();
        for (var failures = 0; ; failures++)
        {
            try
            {
                await change();
                return;
            }
            catch (Exception exception) when (IsPassing(exception) && time.GetElapsedTime(since) < Patience)
            {
                if (failures % 10 == 0)
                {
                    EngineLog.DatabaseAway(logger, exception.Message);
                }

                await Task.Delay(TransientFailure.Pause(failures), time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>A wrong password or a database that does not exist will still be wrong in a minute.</summary>
    private static bool IsPassing(Exception exception) =>
        TransientFailure.Is(exception) && exception is not PostgresException { SqlState: ['2', '8', ..] or ['3', 'D', ..] };
}
