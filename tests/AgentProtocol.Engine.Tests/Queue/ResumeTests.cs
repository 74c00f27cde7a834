using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue;

/// <summary>Another attempt goes on where the last checkpoint is; its readers see one dense stream (design 7).</summary>
public sealed class ResumeTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public async Task Numbers_go_on_and_the_new_attempt_says_where_the_state_stands()
    {
        var first = await Queue.StartNewRunAsync(Node);
        await first.Say("step one").WriteAsync();
        await first.Show("\"ahead of its checkpoint\"").WriteAsync();
        await Queue.ReapAsync(Node);

        var second = await OtherQueue.StartAsync(OtherNode, first.Claim.RunId);
        await second.Say("step two").SucceedAsync();

        var log = await FramesAsync(first.Claim);
        var frames = log.Where(frame => !frame.IsProtocol).ToList();
        Assert.Equal(Enumerable.Range(0, log.Count).Select(position => (long)position), log.Select(frame => frame.Position));
        Assert.Equal(Enumerable.Range(0, frames.Count).Select(number => (long?)number), frames.Select(frame => frame.Number));
        Assert.Equal(
            "metadata, values, updates, values, custom, metadata, values, updates, values", string.Join(", ", frames.Select(frame => frame.Name)));
        Assert.Contains("\"attempt\":1", frames[0].Data, StringComparison.Ordinal);
        Assert.Contains("\"attempt\":2", frames[5].Data, StringComparison.Ordinal);
        Assert.Equal(frames[3].Checkpoint, frames[6].Checkpoint);
        Assert.Equal("hello, step one, step two", await Queue.MessagesAsync(first.Claim.ThreadId));
    }

    [Fact]
    public async Task A_repeated_step_mints_new_message_ids()
    {
        var first = await Queue.StartNewRunAsync(Node);
        first.Say("lost");
        await Queue.ReapAsync(Node);

        var second = await OtherQueue.StartAsync(OtherNode, first.Claim.RunId);
        await second.Say("kept").WriteAsync();
        await second.Say("kept").SucceedAsync();

        var last = (await FramesAsync(first.Claim)).Last(frame => frame.State is not null).State!;
        Assert.Equal(3, last.Messages.ToArray().Select(message => message.Id).Distinct().Count());
        Assert.Equal("hello, kept, kept", await Queue.MessagesAsync(first.Claim.ThreadId));
    }

    [Fact]
    public async Task An_attempt_that_never_wrote_is_begun_anew_with_its_input()
    {
        var thread = await Queue.NewThreadAsync();
        var run = await Queue.CreateRunAsync(thread);
        await Queue.ClaimAsync(Node, run);
        await Queue.ReapAsync(Node);

        var second = await OtherQueue.StartAsync(OtherNode, run);

        Assert.Equal(2, second.Claim.Attempt);
        Assert.Equal("hello", await Queue.MessagesAsync(thread));
        Assert.Equal(["metadata", "values"], (await FramesAsync(second.Claim)).Where(frame => !frame.IsProtocol).Select(frame => frame.Name));
    }

    [Fact]
    public async Task A_resumed_attempt_knows_how_many_steps_are_done_and_merges_its_input_once()
    {
        var first = await Queue.StartNewRunAsync(Node);
        await first.Say("one").WriteAsync();
        await first.Say("two").WriteAsync();
        await Queue.Completion.HandBackAsync(first.Claim, CancellationToken.None);
        var claim = await OtherQueue.ClaimAsync(OtherNode, first.Claim.RunId);

        var start = await OtherQueue.Loader.LoadAsync(claim, RunRequest.Parse(claim.Order!.Request), TestContext.Current.CancellationToken);

        Assert.Equal((true, 2, 2), (start!.InputMerged, start.CompletedSteps, start.LastStep));
        Assert.Equal(3, start.State.State.Messages.Length);
        Assert.Empty(start.CarriedRequests);
    }

    [Fact]
    public async Task Losses_and_failures_are_counted_apart_and_a_hand_back_spends_neither()
    {
        var claim = (await Queue.StartNewRunAsync(Node)).Claim;
        await Queue.Completion.HandBackAsync(claim, CancellationToken.None);
        claim = await Queue.ClaimAsync(Node, claim.RunId);
        Assert.Equal((2, 0, 0), (claim.Attempt, claim.Failures, claim.Losses));

        await Queue.Completion.RetryLaterAsync(claim, TimeSpan.Zero, CancellationToken.None);
        await Database.ExecuteAsync("update run_work set state = 2 where state = 1");
        claim = await Queue.ClaimAsync(Node, claim.RunId);
        Assert.Equal((3, 1, 0), (claim.Attempt, claim.Failures, claim.Losses));

        await Queue.ReapAsync(Node);
        claim = await Queue.ClaimAsync(OtherNode, claim.RunId);
        Assert.Equal((4, 1, 1), (claim.Attempt, claim.Failures, claim.Losses));
    }

    private async Task<IReadOnlyList<Frame>> FramesAsync(ClaimedRun run) =>
        await new EventReader(Queue.Database).ReadFramesAsync(run.ThreadId, run.RunId, 0, TestContext.Current.CancellationToken);
}
