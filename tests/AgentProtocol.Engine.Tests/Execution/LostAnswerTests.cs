using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Execution;

/// <summary>A node takes a run, and the answer that says so is lost: the run must not stay with a node that does not know of it.</summary>
public sealed class LostAnswerTests(MigratedPostgres postgres) : IClassFixture<MigratedPostgres>
{
    [Fact(Timeout = 30_000)]
    public async Task A_run_whose_claim_was_not_heard_of_is_executed_all_the_same()
    {
        await using var proxy = new CuttingProxy(postgres.ConnectionString);
        await using var queue = new QueueHarness(postgres.ConnectionString);
        var thread = await queue.NewThreadAsync();
        await using var host = await EngineHost.StartAsync(proxy.ConnectionString);
        var cut = proxy.CutAt("work.deadline_at - now()", Lost.Answer);
        var run = await queue.CreateRunAsync(thread, text: "hello");
        await cut;

        var result = await host.WaitAsync(run);

        Assert.Equal(RunStatus.Success, result.Run!.Status);
        Assert.Equal("hello, echo: hello", await queue.MessagesAsync(thread));
    }

    [Fact(Timeout = 30_000)]
    public async Task A_run_whose_birth_was_not_heard_of_is_looked_up_and_executed()
    {
        await using var proxy = new CuttingProxy(postgres.ConnectionString);
        await using var host = await EngineHost.StartAsync(proxy.ConnectionString);
        var thread = await host.CreateThreadAsync();
        var cut = proxy.CutAt("insert into run_work", Lost.Answer);

        var unheard = await host.CreateRunAsync(thread, "unheard");
        await cut;

        Assert.Equal(RunStatus.Success, (await host.WaitAsync(unheard)).Run!.Status);
    }
}
