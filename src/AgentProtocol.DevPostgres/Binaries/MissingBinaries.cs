namespace AgentProtocol.DevPostgres.Binaries;

internal static class MissingBinaries
{
    /// <summary>The one message of several lines: what to type on each system.</summary>
    public const string Message = """
        No PostgreSQL was found on this machine and ConnectionStrings:Postgres names no database. Install PostgreSQL:
          Debian, Ubuntu   sudo apt-get install -y postgresql
          Fedora, RHEL     sudo dnf install -y postgresql-server
          macOS            brew install postgresql@17
          Windows          winget install -e --id PostgreSQL.PostgreSQL.17     or     choco install postgresql17
        or start the server with its database in containers:
          docker compose up
        or name a database of your own:
          ConnectionStrings__Postgres="Host=localhost;Username=postgres;Password=...;Database=agentprotocol"
        Server programs in an unusual folder: set Postgres:BinDirectory.
        """;
}
