using AgentProtocol.Agents;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Hangfire;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Conformance;

/// <summary>What the settings choose of themselves.</summary>
public sealed class QueueChoiceTests
{
    [Theory]
    [InlineData(HangfireMode.Auto, 500, false)]
    [InlineData(HangfireMode.Auto, 501, true)]
    [InlineData(HangfireMode.InWorker, 501, false)]
    [InlineData(HangfireMode.HandOff, 500, true)]
    public void Jobs_end_when_their_runs_have_begun_on_nodes_of_more_than_500_runs_unless_told_otherwise(HangfireMode mode, int runs, bool handsOff) =>
        Assert.Equal(handsOff, new HangfireOptions { Mode = mode }.HandsOff(new RunsOptions { MaxConcurrent = runs }));

    [Theory]
    [InlineData(null)]
    [InlineData("Auto")]
    public async Task Hangfire_carries_the_runs_where_it_is_built_in_and_nobody_says_otherwise(string? queue) =>
        Assert.Equal(HangfireQueue.IsBuiltIn ? "HangfireRunQueue" : nameof(PostgresRunQueue), await NameOfQueueAsync(queue));

    [Fact]
    public async Task The_table_carries_the_runs_in_any_build_when_it_is_told_to() =>
        Assert.Equal(nameof(PostgresRunQueue), await NameOfQueueAsync("Postgres"));

    private static async Task<string> NameOfQueueAsync(string? queue)
    {
        Dictionary<string, string?> settings = new() { ["ConnectionStrings:Postgres"] = "Host=none", ["Runs:Queue"] = queue };
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton(new AgentRegistry([]))
            .AddAgentProtocolEngine(configuration)
            .AddHangfireQueue(configuration)
            .BuildServiceProvider();
        return services.GetRequiredService<IRunQueue>().GetType().Name;
    }
}
