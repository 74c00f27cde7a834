using System.Runtime.Versioning;
using System.Text;
using AgentProtocol.DevPostgres;
using Npgsql;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

public sealed class PrivatePostgresTests
{
    [Fact]
    public async Task A_restart_keeps_the_data_and_a_stop_ends_the_server()
    {
        await using var folder = new TemporaryFolder();
        var first = await folder.StartAsync();
        await Sql.RunAsync(first.ConnectionString, "CREATE TABLE kept AS SELECT 42 AS answer");
        await first.StopAsync(TestContext.Current.CancellationToken);

        Assert.Null(first.ServerProcessId);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Sql.RunAsync(first.ConnectionString, "SELECT 1"));

        await using var second = await folder.StartAsync();
        Assert.Equal(42, await Sql.RunAsync(second.ConnectionString, "SELECT answer FROM kept"));
    }

    [Fact]
    public async Task A_crash_of_the_server_keeps_its_address_and_what_was_committed()
    {
        await using var folder = new TemporaryFolder();
        await using var postgres = await folder.StartAsync(options => options.Fast = false);
        await Sql.RunAsync(postgres.ConnectionString, "CREATE TABLE kept AS SELECT 42 AS answer");
        var before = postgres.ServerProcessId;

        await postgres.RestartAtOnceAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.NotEqual(before, postgres.ServerProcessId);
        Assert.Equal(42, await Sql.RunAsync(postgres.ConnectionString, "SELECT answer FROM kept"));
    }

    [Fact]
    public async Task The_server_is_durable_unless_told_to_be_fast()
    {
        await using var folder = new TemporaryFolder();
        await using var postgres = await folder.StartAsync(options => options.Fast = false);

        Assert.Equal("on on on", await Sql.RunAsync(
            postgres.ConnectionString,
            "SELECT concat_ws(' ', current_setting('fsync'), current_setting('synchronous_commit'), current_setting('full_page_writes'))"));
        Assert.Equal("200", await Sql.RunAsync(postgres.ConnectionString, "SHOW max_connections"));
        Assert.Equal("UTF8", await Sql.RunAsync(postgres.ConnectionString, "SHOW server_encoding"));
    }

    [Fact]
    public async Task The_connection_may_create_other_databases()
    {
        await using var folder = new TemporaryFolder();
        await using var postgres = await folder.StartAsync();

        await Sql.RunAsync(postgres.ConnectionString, "CREATE DATABASE other");

        var other = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Database = "other" };
        Assert.Equal("other", await Sql.RunAsync(other.ConnectionString, "SELECT current_database()::text"));
    }

    [Fact]
    public async Task Disposing_deletes_the_folder_only_when_asked_to()
    {
        await using var folder = new TemporaryFolder();
        await (await folder.StartAsync()).DisposeAsync();
        Assert.True(Directory.Exists(folder.Cluster));

        await (await folder.StartAsync(options => options.DeleteOnDispose = true)).DisposeAsync();
        Assert.False(Directory.Exists(folder.Data));
    }

    [Fact]
    public async Task A_socket_path_stays_short_however_long_the_data_folder_is()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows listens on a port.");
        await using var folder = new TemporaryFolder(string.Join('/', Enumerable.Repeat(new string('d', 50), 4)));
        await using var postgres = await folder.StartAsync();

        var host = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;
        Assert.True(Encoding.UTF8.GetByteCount(Path.Combine(host, ".s.PGSQL.5432")) <= 103);
        Assert.Equal("", await Sql.RunAsync(postgres.ConnectionString, "SHOW listen_addresses"));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Nobody_else_may_enter_the_socket_folder_and_a_stop_removes_it()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows listens on a port.");
        await using var folder = new TemporaryFolder();
        await using var postgres = await folder.StartAsync();
        var sockets = new NpgsqlConnectionStringBuilder(postgres.ConnectionString).Host!;

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(sockets));
        await postgres.StopAsync(TestContext.Current.CancellationToken);
        Assert.False(Directory.Exists(sockets));
    }

    [Fact]
    public async Task On_a_loopback_port_the_server_asks_for_its_generated_password()
    {
        await using var folder = new TemporaryFolder();
        await using var postgres = await folder.StartAsync(options => options.UseTcp = true);

        Assert.Equal(1, await Sql.RunAsync(postgres.ConnectionString, "SELECT 1"));
        var wrong = new NpgsqlConnectionStringBuilder(postgres.ConnectionString) { Password = "guessed" };
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => Sql.RunAsync(wrong.ConnectionString, "SELECT 1"));
        Assert.Equal(PostgresErrorCodes.InvalidPassword, refusal.SqlState);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder.Data, "password")));
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_parent_that_is_closed_to_the_servers_user_is_named()
    {
        Assert.SkipUnless(!OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess, "Only root runs PostgreSQL as another user.");
        await using var folder = new TemporaryFolder("closed/below");
        var closed = Path.Combine(folder.Parent, "closed");
        var ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(folder.Parent);
        File.SetUnixFileMode(folder.Parent, ownerOnly | UnixFileMode.OtherExecute);
        Directory.CreateDirectory(closed, ownerOnly);

        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => folder.StartAsync());

        Assert.Contains($"cannot enter {closed}:", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
    }

    [Fact]
    public async Task A_folder_that_is_not_ours_is_never_deleted()
    {
        await using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.Data);
        var options = new PrivatePostgresOptions { DataDirectory = folder.Data };

        await Assert.ThrowsAsync<PrivatePostgresException>(() => PrivatePostgres.DeleteAsync(
            options, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, TestContext.Current.CancellationToken));

        Assert.True(Directory.Exists(folder.Data));
    }
}
