using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Threads;

/// <summary>Where a state goes on: at the head, or at a checkpoint of the past (design 4, wire-contract 5.11).</summary>
public sealed class ThreadBranchTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_continues_the_head_stays_in_its_segment()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.SucceedAsync();
        await using var connection = await Database.OpenConnectionAsync(Token);
        var way = await ContinuationReader.ReadHeadAsync(connection, attempt.Claim.ThreadId, Token);

        Assert.Equal((2, 0, 1, way.HeadId), (way.LastN, way.LastStep, way.Segment, way.ParentId));
        Assert.True(way.State.HasRoomFor(10));
    }

    [Fact]
    public async Task What_continues_the_past_begins_a_segment_behind_all_that_was_written()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var first = attempt.Say("one").Freeze();
        Assert.True(await attempt.WriteAsync(first));
        await attempt.Say("two").SucceedAsync();
        await using var connection = await Database.OpenConnectionAsync(Token);
        var head = await ContinuationReader.ReadHeadAsync(connection, attempt.Claim.ThreadId, Token);
        var way = await ContinuationReader.ReadAtAsync(connection, attempt.Claim.ThreadId, first.Head!.Id, Token);

        Assert.Equal((head.HeadId, 4, 1, first.Head.Id), (way!.HeadId, way.LastN, way.LastStep, way.ParentId));
        Assert.False(way.State.HasRoomFor(0));
        Assert.Equal(first.Head.State.ToJson(), way.State.State.ToJson());
    }

    [Fact]
    public async Task A_checkpoint_of_another_thread_leads_nowhere()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await using var connection = await Database.OpenConnectionAsync(Token);
        var head = await ContinuationReader.ReadHeadAsync(connection, attempt.Claim.ThreadId, Token);

        Assert.Null(await ContinuationReader.ReadAtAsync(connection, await Queue.NewThreadAsync(), head.HeadId!.Value, Token));
        Assert.Equal(Continuation.Beginning, await ContinuationReader.ReadHeadAsync(connection, await Queue.NewThreadAsync(), Token));
    }

    [Fact]
    public async Task A_branch_that_is_rolled_back_gives_the_head_back_to_the_other()
    {
        var attempt = await Queue.StartNewRunAsync(Node, "one");
        var thread = attempt.Claim.ThreadId;
        await attempt.SucceedAsync();
        var beginning = await Database.ScalarAsync<Guid>("select id from checkpoints where thread_id = $1 and n = 1", thread);
        await EditAsync(thread, beginning);
        Assert.Equal("", await Queue.MessagesAsync(thread));

        var second = await Queue.StartAsync(Node, await Queue.CreateRunAsync(thread, text: "two"));
        Assert.Equal("two", await Queue.MessagesAsync(thread));
        await second.RollBackAsync();
        Assert.Equal("", await Queue.MessagesAsync(thread));
    }

    [Fact]
    public async Task An_edit_that_waited_for_the_lock_stands_behind_what_was_written_meanwhile()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var thread = attempt.Claim.ThreadId;
        await attempt.Say("one").WriteAsync();
        await using var gate = await HeldTransaction.LockHeadAsync(Queue, thread);
        var finish = attempt.Say("two").SucceedAsync();
        await gate.UntilBlocksAsync(1);
        var edit = OtherQueue.Service.UpdateStateAsync(QueueHarness.Owner, thread, Note, null, Token);
        await gate.UntilBlocksAsync(2);
        await gate.CommitAsync();
        await finish;
        await edit;

        Assert.Equal(
            ["-1|input", "0|loop", "1|loop", "2|loop", "3|update"],
            await Database.LinesAsync("select step, source from checkpoints where thread_id = $1 order by n", thread));
    }

    [Fact]
    public async Task An_edit_from_an_unknown_checkpoint_changes_nothing()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.SucceedAsync();
        var refusal = await Assert.ThrowsAsync<ProtocolException>(() => EditAsync(attempt.Claim.ThreadId, Guid.NewGuid()));
        Assert.Equal(ErrorCode.NotFound, refusal.Code);
        Assert.Equal(2, await Database.ScalarAsync<long>("select count(*) from checkpoints"));
    }

    [Fact]
    public async Task An_edit_of_an_interrupted_thread_leaves_it_interrupted()
    {
        // wire-contract 3.12
        var attempt = await Queue.StartNewRunAsync(Node);
        await attempt.SucceedAsync();
        await Database.ExecuteAsync(
            """
            with head as (update thread_heads set status = 'interrupted' where thread_id = $1 returning thread_id, head)
            insert into pauses (thread_id, checkpoint_id, node) select thread_id, head, 'tools' from head
            """,
            attempt.Claim.ThreadId);
        await EditAsync(attempt.Claim.ThreadId, null);
        Assert.Equal("interrupted 0 0 f", await Queue.HeadAsync(attempt.Claim.ThreadId));
    }

    private static ThreadStateUpdate Note => new() { Values = JsonText.Parse("""{"note":1}""") };

    private Task<ThreadStateUpdateResponse> EditAsync(Guid thread, Guid? from) =>
        Queue.Service.UpdateStateAsync(QueueHarness.Owner, thread, Note, from, Token);
}
