namespace AgentProtocol.Testing.Postgres;

/// <summary>A PostgreSQL to test against.</summary>
/// <param name="ConnectionString">Connects a user that may create databases.</param>
/// <param name="Description">What it is, for whoever reads what the tests print.</param>
/// <param name="StopAsync">Null for a server that runs on without us.</param>
public sealed record PostgresServer(string ConnectionString, string Description, Func<Task>? StopAsync)
{
    /// <summary>The configured server, else one in a container, else a private one; asking for a server starts it, so nobody is asked in vain.</summary>
    /// <param name="configured">The connection string of the environment, if there is one.</param>
    /// <param name="tryContainer">Gives null where there can be no container.</param>
    /// <param name="startPrivate">Starts a private cluster.</param>
    public static async Task<PostgresServer> ChooseAsync(
        string? configured, Func<Task<PostgresServer?>> tryContainer, Func<Task<PostgresServer>> startPrivate) =>
        string.IsNullOrEmpty(configured)
            ? await tryContainer() ?? await startPrivate()
            : new(configured, $"the PostgreSQL of {TestCluster.ConnectionStringVariable}", StopAsync: null);
}
