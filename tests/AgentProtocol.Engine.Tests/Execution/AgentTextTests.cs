using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>Agents say what they like; the run ends as they meant it.</summary>
public sealed class AgentTextTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    [Fact(Timeout = 30_000)]
    public async Task A_failure_whose_message_cannot_be_stored_is_still_that_failure()
    {
        await using var host = await EngineHost.StartAsync(postgres.ConnectionString, ("Runs:RetryDelay", "00:00:00"));

        var result = await host.WaitAsync(await host.CreateRunAsync(await host.CreateThreadAsync(), "fail a\0b"));

        Assert.Equal((RunStatus.Error, "AgentError", "a\uFFFDb"), (result.Run!.Status, result.Error!.Type, result.Error.Message));
    }

    [Fact]
    public void Half_of_a_surrogate_pair_is_written_as_a_replacement()
    {
        Assert.Equal("a\uFFFDb", JsonText.Parse(JsonText.Quote("a\ud83db")).GetString());
        Assert.Equal("\uFFFD", RunOutcome.Failed("T", "\ud83d").Message);
    }
}
