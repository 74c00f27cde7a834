using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Hangfire;
using AgentProtocol.Testing.Postgres;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Deliveries;

/// <summary>The preparation of Hangfire's tables.</summary>
public sealed class HangfireSchemaTests
{
    [Fact]
    public async Task A_start_survives_a_connection_that_breaks_while_hangfires_tables_are_made()
    {
        await using var empty = await TestDatabase.CreateAsync("empty", _ => Task.CompletedTask);
        await using var proxy = new CuttingProxy(empty.ConnectionString);
        await using var database = new ProtocolDatabase(proxy.ConnectionString);
        var cut = proxy.CutAt("pg_advisory_lock", Lost.Question);

        await new HangfireSchema(database, TimeProvider.System, NullLogger<HangfireSchema>.Instance).StartingAsync(TestContext.Current.CancellationToken);

        Assert.True(cut.IsCompleted);
        Assert.Equal(0, await database.Source.ScalarAsync<long>("select count(*) from hangfire.job"));
    }
}
