using AgentProtocol.Testing.Servers;
using AgentProtocolServer.Tests.Hosting;
using Xunit;

namespace AgentProtocolServer.Tests.Processes;

/// <summary><c>agentprotocol audit</c>: says what is wrong with a database, and by its exit code whether anything is.</summary>
public sealed class AuditVerbTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private readonly ServerProcesses servers = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => servers.DisposeAsync();

    [Fact]
    public async Task A_database_of_a_server_at_work_is_sound()
    {
        var server = await servers.ServeAsync();
        await server.Client.AnswerAsync(await server.Client.NewThreadAsync(), "steps 2");
        await server.Client.StartAsync(await server.Client.NewThreadAsync(), "sleep 60");

        var audit = await AuditAsync();

        Assert.True(await audit.ExitAsync(Limit, Token) == 0, audit.Log);
        Assert.Equal("2 runs on 2 threads", Assert.Single(audit.Log.Split(Environment.NewLine)).Split(':')[0]);
    }

    [Fact]
    public async Task A_broken_rule_is_one_line_with_the_ids_and_exit_code_1()
    {
        var server = await servers.ServeAsync();
        var thread = await server.Client.NewThreadAsync();
        await servers.ScalarAsync<int>($"update thread_heads set waiting = 3 where thread_id = '{thread}' returning waiting");

        var audit = await AuditAsync();

        Assert.Equal(1, await audit.ExitAsync(Limit, Token));
        Assert.Contains($"broken: a head's count of waiting runs is wrong: {thread}", audit.Log.Split(Environment.NewLine));
    }

    [Fact]
    public async Task A_database_of_another_schema_is_one_line_that_says_what_to_do()
    {
        await using (var connection = new Npgsql.NpgsqlConnection((await servers.DatabaseAsync()).ConnectionString))
        {
            await connection.OpenAsync(Token);
            await using var drop = new Npgsql.NpgsqlCommand("drop table run_updates", connection);
            await drop.ExecuteNonQueryAsync(Token);
        }

        var audit = await AuditAsync();

        Assert.Equal(1, await audit.ExitAsync(Limit, Token));
        Assert.Contains("agentprotocol migrate", Assert.Single(audit.Errors), StringComparison.Ordinal);
    }

    private async Task<ServerProcess> AuditAsync() => servers.Add(ServerProcess.Start(
        ["audit"], new Dictionary<string, string> { ["ConnectionStrings__Postgres"] = (await servers.DatabaseAsync()).ConnectionString }));
}
