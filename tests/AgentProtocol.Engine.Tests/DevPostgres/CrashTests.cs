using System.Diagnostics;
using System.Globalization;
using AgentProtocol.DevPostgres;
using AgentProtocol.Testing.Postgres;
using Microsoft.Extensions.Logging;
using Xunit;

namespace AgentProtocol.Engine.Tests.DevPostgres;

public sealed class CrashTests
{
    [Fact]
    public async Task A_folder_in_use_names_its_process_and_a_killed_process_leaves_its_server_to_the_next()
    {
        await using var folder = new TemporaryFolder();
        await (await folder.StartAsync()).DisposeAsync();
        using var child = await ChildServer.StartAsync(folder.Data);

        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => folder.StartAsync());
        Assert.Contains($"already in use by process {child.Id}", refusal.Message, StringComparison.Ordinal);

        var server = ServerOf(folder);
        child.Kill();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        await using var successor = await folder.StartAsync();
        Assert.Equal(server, successor.ServerProcessId);
    }

    [Fact]
    public async Task What_a_killed_server_had_committed_is_there_after_the_next_start()
    {
        await using var folder = new TemporaryFolder();
        var first = await folder.StartAsync(options => options.Fast = false);
        await Sql.RunAsync(first.ConnectionString, "CREATE TABLE kept AS SELECT 42 AS answer");
        first.Abandon();
        using (var server = Process.GetProcessById(ServerOf(folder)))
        {
            server.Kill();
        }

        await using var second = await folder.StartAsync(options => options.Fast = false);

        Assert.Equal(42, await Sql.RunAsync(second.ConnectionString, "SELECT answer FROM kept"));
    }

    [Fact]
    public async Task A_stale_postmaster_file_with_the_number_of_another_program_is_removed()
    {
        await using var folder = new TemporaryFolder();
        await (await folder.StartAsync()).DisposeAsync();
        var file = Path.Combine(folder.Cluster, "postmaster.pid");
        await File.WriteAllTextAsync(
            file, $"{Environment.ProcessId}\n{folder.Cluster}\n1700000000\n5432\n/tmp/gone\n\n1 1\nready   \n", TestContext.Current.CancellationToken);

        await using var postgres = await folder.StartAsync();

        Assert.Equal(1, await Sql.RunAsync(postgres.ConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task A_server_that_lost_its_socket_is_restarted()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows listens on a port.");
        await using var folder = new TemporaryFolder();
        var first = await folder.StartAsync();
        var server = first.ServerProcessId;
        first.Abandon();
        Directory.Delete(new Npgsql.NpgsqlConnectionStringBuilder(first.ConnectionString).Host!, recursive: true);

        await using var second = await folder.StartAsync();

        Assert.NotEqual(server, second.ServerProcessId);
        Assert.Equal(1, await Sql.RunAsync(second.ConnectionString, "SELECT 1"));
    }

    [Fact]
    public async Task What_an_interrupted_creation_left_is_removed_and_created_anew()
    {
        await using var folder = new TemporaryFolder();
        var half = Directory.CreateDirectory(Path.Combine(folder.Data, "half-0123"));
        await File.WriteAllTextAsync(Path.Combine(half.FullName, "PG_VERSION"), "15\n", TestContext.Current.CancellationToken);

        await using var postgres = await folder.StartAsync();

        Assert.Equal(1, await Sql.RunAsync(postgres.ConnectionString, "SELECT 1"));
        Assert.False(half.Exists && Directory.Exists(half.FullName));
    }

    [Fact]
    public async Task A_creation_cancelled_in_the_middle_frees_the_folder_for_the_next_start()
    {
        await using var folder = new TemporaryFolder();
        using var cancellation = new CancellationTokenSource();
        var options = new PrivatePostgresOptions { DataDirectory = folder.Data, Fast = true };

        var start = PrivatePostgres.StartAsync(options, new CancelAtFirstLog(cancellation), cancellation.Token);
        var ending = await Record.ExceptionAsync(() => start);
        if (ending is PrivatePostgresException { BinariesMissing: true })
        {
            MissingPostgres.SkipOrFail(ending);
        }

        Assert.IsAssignableFrom<OperationCanceledException>(ending);
        Assert.False(Directory.Exists(folder.Cluster));

        await using var next = await folder.StartAsync();
        Assert.NotNull(next.ServerProcessId);
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why_in_one_line_and_frees_the_folder()
    {
        await using var folder = new TemporaryFolder();
        await (await folder.StartAsync()).DisposeAsync();
        var custom = Path.Combine(folder.Cluster, "custom.conf");
        await File.WriteAllTextAsync(custom, "no_such_setting = on\n", TestContext.Current.CancellationToken);

        var refusal = await Assert.ThrowsAsync<PrivatePostgresException>(() => folder.StartAsync());
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.Contains("no_such_setting", refusal.Message, StringComparison.Ordinal);

        File.Delete(custom);
        await using var next = await folder.StartAsync();
        Assert.NotNull(next.ServerProcessId);
    }

    private static int ServerOf(TemporaryFolder folder) =>
        int.Parse(File.ReadLines(Path.Combine(folder.Cluster, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    // The first message says that initdb begins.
    private sealed class CancelAtFirstLog(CancellationTokenSource cancellation) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            cancellation.Cancel();
    }
}
