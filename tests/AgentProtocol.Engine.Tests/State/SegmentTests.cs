using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using AgentProtocol.Testing.Postgres;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace AgentProtocol.Engine.Tests.State;

/// <summary>States are stored as snapshots and deltas; what is read is what was merged.</summary>
public sealed class SegmentTests(MigratedPostgres postgres) : QueueTests(postgres)
{
    [Fact]
    public void Replaying_what_was_recorded_gives_what_was_merged()
    {
        var update = from kind in Gen.Choose(0, 6)
                     from key in Gen.Choose(0, 4)
                     from text in ArbMap.Default.GeneratorFor<string>()
                     select ToUpdate(kind, key, JsonText.Quote(text ?? ""));
        Check.QuickThrowOnFailure(Prop.ForAll(update.ListOf().Select(updates => updates.ToList()).ToArbitrary(), updates =>
        {
            var (merged, replayed) = (StateValues.Empty, StateValues.Empty);
            foreach (var each in updates)
            {
                var delta = new StateDelta();
                try
                {
                    merged = StateReducer.Apply(merged, JsonText.Parse(each), delta);
                }
                catch (StateUpdateException)
                {
                    continue;
                }

                replayed = StateDelta.Replay(replayed, delta.ToJson());
            }

            return replayed.ToJson() == merged.ToJson() && StateDelta.ReadSnapshot(merged.ToJson()).ToJson() == merged.ToJson();
        }));
    }

    [Fact]
    public async Task Every_stored_checkpoint_reads_as_the_state_it_stands_for()
    {
        var attempt = await Queue.StartNewRunAsync(Node);
        var expected = StateValues.Empty;
        List<(Guid Id, string Json)> states = [];
        for (var step = 0; step < 90; step++)
        {
            // Large enough now and then to outweigh its segment, long enough to need several.
            var page = attempt.Update(ToUpdate(step % 7 == 5 ? 0 : step % 7, step % 5, JsonText.Quote(new string('x', step % 10 == 0 ? 6_000 : 5)))).Freeze();
            Assert.True(await attempt.WriteAsync(page));
            expected = page.Head!.State;
            states.Add((page.Head.Id, expected.ToJson()));
        }

        await using var connection = await Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var thread = attempt.Claim.ThreadId;
        var read = await CheckpointReader.ReadStatesAsync(connection, thread, [.. states.Select(state => state.Id)], TestContext.Current.CancellationToken);
        Assert.All(states, state => Assert.Equal(state.Json, read[state.Id].ToJson()));
        Assert.Equal(states[40].Json, (await CheckpointReader.ReadStateAsync(connection, thread, states[40].Id, TestContext.Current.CancellationToken)).ToJson());
        Assert.InRange(await Database.ScalarAsync<long>("select count(*) from checkpoints where snapshot is not null"), 2, 20);
        Assert.Equal(expected.OthersToJson(), await Database.ScalarAsync<string>("select \"values\" from thread_heads where thread_id = $1", thread));
    }

    private static string ToUpdate(int kind, int key, string text) => kind switch
    {
        0 => $$"""{"k{{key}}":{{text}}}""",
        1 => $$"""{"k{{key}}":null,"other":[{{text}},{{key}}.50]}""",
        2 or 3 => $$"""{"messages":[{"role":"user","id":"m{{key}}","content":{{text}}}]}""",
        4 => $$"""{"messages":[{"role":"ai","id":"a{{key}}","content":[{{text}}]},{"role":"user","id":"m{{key}}","content":""}]}""",
        5 => $$"""{"messages":[{"type":"remove","id":"m{{key}}"}]}""",
        _ => """{"messages":[{"type":"remove","id":"__remove_all__"}],"cleared":true}""",
    };
}
