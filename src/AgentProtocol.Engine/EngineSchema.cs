using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine;

/// <summary>The database schema of this build, for hosts that bring databases up to date themselves.</summary>
public static class EngineSchema
{
    /// <summary>Applies what is missing. Any number of processes may try at once.</summary>
    public static Task MigrateAsync(string connectionString, CancellationToken cancellationToken) =>
        DatabaseMigrator.MigrateAsync(connectionString, TimeProvider.System, cancellationToken);

    /// <summary>The same as one SQL script, which may be run on any earlier version.</summary>
    public static string GenerateScript() => DatabaseMigrator.GenerateScript();
}
