using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;
using ThreadState = AgentProtocol.Contracts.Threads.ThreadState;

namespace AgentProtocol.Engine.Tests.Threads;

/// <summary>Copies share nothing with their source (wire-contract 3.7, 13.55).</summary>
public sealed class ThreadCopyTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_copy_of_a_busy_thread_is_idle_and_has_what_was_committed()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.Say("one").WriteAsync();
        attempt.Say("not written yet");
        var copy = await CopyAsync(attempt.Claim.ThreadId);

        Assert.Equal("idle 0 0 f", await Queue.HeadAsync(copy));
        Assert.Equal("hello, one", await Queue.MessagesAsync(copy));
        Assert.Empty((await StateAsync(copy)).Next);
        await attempt.Say("two").SucceedAsync();
        Assert.Equal("hello, one", await Queue.MessagesAsync(copy));
        Assert.Empty(await Database.LinesAsync("select 1 from runs where thread_id = $1", copy));
    }

    [Fact]
    public async Task A_copy_waits_for_nobody()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await using var gate = await HeldTransaction.LockHeadAsync(Queue, attempt.Claim.ThreadId);
        Assert.Equal("hello", await Queue.MessagesAsync(await CopyAsync(attempt.Claim.ThreadId)));
    }

    [Fact]
    public async Task A_rollback_on_the_source_leaves_the_copy_alone_and_a_rollback_on_the_copy_the_source()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.Say("one").WriteAsync();
        var copy = await CopyAsync(attempt.Claim.ThreadId);
        await attempt.RollBackAsync();
        Assert.Equal("hello, one", await Queue.MessagesAsync(copy));

        var second = await Queue.StartAsync(Node, await Queue.CreateRunAsync(copy, text: "on the copy"));
        await second.RollBackAsync();
        Assert.Equal("hello, one", await Queue.MessagesAsync(copy));
        Assert.Equal("", await Queue.MessagesAsync(attempt.Claim.ThreadId));
    }

    [Fact]
    public async Task What_checkpoints_say_about_their_run_outlives_the_run_and_goes_into_copies_of_copies()
    {
        var run = QueueHarness.NewRun(await Queue.NewThreadAsync()) with { Metadata = """{"who":"me","thread_id":"x"}""" };
        Assert.NotNull((await Queue.CreateAsync(run)).Created);
        await (await Queue.StartAsync(Node, run.RunId)).SucceedAsync();
        var before = (await StateAsync(run.ThreadId)).Metadata.Text;
        await new RunRemoval(Queue.Database).DeleteAsync(run.ThreadId, run.RunId, Token);
        var copy = await CopyAsync(await CopyAsync(run.ThreadId));

        Assert.Contains("\"who\":\"me\"", before, StringComparison.Ordinal);
        Assert.Equal(before, (await StateAsync(run.ThreadId)).Metadata.Text);
        Assert.Equal(
            before.Replace(run.ThreadId.ToString(), copy.ToString(), StringComparison.Ordinal), (await StateAsync(copy)).Metadata.Text);
    }

    [Fact]
    public async Task A_deleted_thread_leaves_nothing_behind()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.SucceedAsync();
        var copy = await CopyAsync(attempt.Claim.ThreadId);
        await Queue.Service.DeleteAsync(QueueHarness.Owner, copy, Token);
        foreach (var table in new[] { "threads", "thread_heads", "checkpoints", "checkpoint_runs" })
        {
            Assert.Empty(await Database.LinesAsync($"select 1 from {table} where thread_id = $1", copy));
        }
    }

    /// <summary>Whoever adds a column decides whether copies have it, and then mends this list.</summary>
    [Fact]
    public async Task Copies_know_every_column()
    {
        Assert.Equal(
            ["after_run", "agent", "assistant_id", "created_at", "delta", "id", "n", "node", "owner", "parent_id", "replaced_head", "run_id", "segment", "snapshot", "source", "step", "thread_id"],
            await ColumnsAsync("checkpoints"));
        Assert.Equal(
            ["active_run", "agent", "assistant_id", "config", "disposable", "error", "head", "head_n", "last_n", "owner", "run_no", "segment", "state_updated_at", "status", "thread_id", "unmerged", "untaken", "updated_at", "value_filter", "values", "waiting"],
            await ColumnsAsync("thread_heads"));
    }

    private Task<IReadOnlyList<string>> ColumnsAsync(string table) => Database.LinesAsync(
        "select column_name from information_schema.columns where table_name = $1 order by column_name collate \"C\"", table);

    private async Task<Guid> CopyAsync(Guid thread) => (await Queue.Service.CopyAsync(QueueHarness.Owner, thread, Token)).ThreadId;

    private Task<ThreadState> StateAsync(Guid thread) => Queue.Service.GetStateAsync(QueueHarness.Owner, thread, null, Token);
}
