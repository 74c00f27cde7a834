namespace AgentProtocol.Testing.Postgres;

/// <summary>Stands for the class of that name in a build without Testcontainers.</summary>
internal static class ContainerPostgres
{
    /// <summary>There is none.</summary>
    public static Task<PostgresServer?> TryStartAsync() => Task.FromResult<PostgresServer?>(null);
}
