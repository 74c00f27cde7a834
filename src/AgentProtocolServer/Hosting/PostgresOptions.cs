namespace AgentProtocolServer.Hosting;

/// <summary>Settings below <c>Postgres</c>, for the private PostgreSQL that is started when no database is named.</summary>
internal sealed class PostgresOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Postgres";

    /// <summary>Where the data lives; a folder of the user by default, below <c>/var/lib</c> for root.</summary>
    public string? DataDirectory { get; set; }

    /// <summary>Where PostgreSQL's programs are; searched for by default.</summary>
    public string? BinDirectory { get; set; }
}
