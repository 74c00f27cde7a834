using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using Xunit;
using ThreadState = AgentProtocol.Contracts.Threads.ThreadState;

namespace AgentProtocol.Engine.Tests.Threads.Model;

/// <summary>One command: what to do, and to which of the things that there are.</summary>
internal readonly record struct ThreadCommand(ThreadAct Act, int A, int B);

internal enum ThreadAct
{
    Edit, EditPast, Run, RunAndRollBack, DeleteRun, Copy, Prune, PruneWhileBusy,
}

/// <summary>Gives the same commands to the threads of the database and to the model, and compares all of them after each.</summary>
internal sealed class ThreadMachine(QueueHarness queue)
{
    private readonly List<ThreadModel> threads = [];
    private Guid node;
    private int counter;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async Task RunAsync(IEnumerable<ThreadCommand> commands)
    {
        node = await queue.JoinAsync();
        var create = new ThreadCreate { Metadata = JsonText.Parse("""{"graph_id":"echo"}""") };
        threads.Add(new ThreadModel((await queue.Service.CreateAsync(QueueHarness.Owner, create, Token)).ThreadId));
        foreach (var command in commands)
        {
            await ExecuteAsync(threads[command.A % threads.Count], command);
            foreach (var thread in threads)
            {
                await CompareAsync(thread);
            }
        }
    }

    private Task ExecuteAsync(ThreadModel thread, ThreadCommand command) => command.Act switch
    {
        ThreadAct.Edit => EditAsync(thread, null, command.B),
        ThreadAct.EditPast => EditAsync(thread, Pick(thread, command.B), command.B),
        ThreadAct.Run => RunAsync(thread, command.B, rollBack: false, prune: false),
        ThreadAct.RunAndRollBack => RunAsync(thread, command.B, rollBack: true, prune: false),
        ThreadAct.DeleteRun => DeleteRunAsync(thread),
        ThreadAct.Copy => CopyAsync(thread),
        ThreadAct.Prune => PruneAsync(thread),
        _ => RunAsync(thread, command.B, rollBack: command.B % 2 == 0, prune: true),
    };

    private static Guid? Pick(ThreadModel thread, int choice) =>
        thread.Checkpoints.Count == 0 ? null : thread.Checkpoints[choice % thread.Checkpoints.Count].Id;

    private async Task EditAsync(ThreadModel thread, Guid? from, int choice)
    {
        var (json, change) = NextUpdate(choice);
        var update = new ThreadStateUpdate { Values = JsonText.Parse(json) };
        var written = await queue.Service.UpdateStateAsync(QueueHarness.Owner, thread.ThreadId, update, from, Token);
        thread.Add(written.Checkpoint.CheckpointId, from ?? thread.Head, change(from is { } id ? thread.StateAt(id) : thread.State));
    }

    private async Task RunAsync(ThreadModel thread, int choice, bool rollBack, bool prune)
    {
        var before = thread.Head;
        var runId = await queue.CreateRunAsync(thread.ThreadId, text: $"run {++counter}");
        var attempt = await Attempt.BeginAsync(queue, await queue.ClaimAsync(node, runId));
        var first = attempt.Freeze();
        thread.Add(first.Checkpoints[0].Id, before, thread.State, runId);
        thread.Add(first.Checkpoints[1].Id, thread.Head, thread.State.Say(null, $"run {counter}"), runId);
        Assert.True(await attempt.WriteAsync(first));
        for (var step = 0; step < 1 + (choice % 3); step++)
        {
            if (prune && step == choice % 2)
            {
                await PruneBusyAsync(thread, before);
            }

            var (json, change) = NextUpdate(choice + step);
            var page = attempt.Update(json).Freeze();
            thread.Add(page.Head!.Id, thread.Head, change(thread.State), runId);
            Assert.True(await attempt.WriteAsync(page));
        }

        if (rollBack)
        {
            await attempt.RollBackAsync();
            thread.Head = before;
            thread.Checkpoints.RemoveAll(checkpoint => checkpoint.Run == runId);
            return;
        }

        await attempt.SucceedAsync();
        thread.EndedRuns.Add(runId);
    }

    private async Task DeleteRunAsync(ThreadModel thread)
    {
        if (thread.EndedRuns.Count > 0)
        {
            await new RunRemoval(queue.Database).DeleteAsync(thread.ThreadId, thread.EndedRuns[0], Token);
            thread.EndedRuns.RemoveAt(0);
        }
    }

    private async Task CopyAsync(ThreadModel thread)
    {
        var copy = await queue.Service.CopyAsync(QueueHarness.Owner, thread.ThreadId, Token);
        if (threads.Count < 3)
        {
            threads.Add(thread.Copy(copy.ThreadId));
        }
    }

    private async Task PruneAsync(ThreadModel thread)
    {
        Assert.Equal(1, await queue.Service.PruneAsync(QueueHarness.Owner, [thread.ThreadId], keepLatest: true, Token));
        thread.Keep(thread.Head is { } head ? [head] : []);
    }

    /// <summary>How much more is kept is the server's choice; what the run stands on is not.</summary>
    private async Task PruneBusyAsync(ThreadModel thread, Guid? before)
    {
        var run = thread.Checkpoints[^1].Run;
        Assert.Equal(1, await queue.Service.PruneAsync(QueueHarness.Owner, [thread.ThreadId], keepLatest: true, Token));
        var kept = (await IdsAsync(thread)).Select(Guid.Parse).ToHashSet();
        Assert.Superset(thread.Checkpoints.Where(each => each.Run == run || each.Id == before).Select(each => each.Id).ToHashSet(), kept);
        thread.Keep(kept);
    }

    /// <summary>Every seventh is so large that its segment does not last long.</summary>
    private (string Json, Func<StateModel, StateModel> Change) NextUpdate(int choice)
    {
        counter++;
        var text = counter % 7 == 0 ? new string('x', 9_000) + counter : $"t{counter}";
        var (key, id) = ($"k{choice % 5}", $"m{choice % 5}");
        return choice % 3 == 0
            ? ($$"""{"{{key}}":"{{text}}"}""", state => state.With(key, text))
            : ($$"""{"{{key}}":"{{text}}","messages":[{"role":"user","id":"{{id}}","content":"{{text}}"}]}""", state => state.With(key, text).Say(id, text));
    }

    private async Task CompareAsync(ThreadModel thread)
    {
        Assert.Equal(thread.Checkpoints.Select(checkpoint => checkpoint.Id.ToString()), await IdsAsync(thread));
        var current = await queue.Service.GetStateAsync(QueueHarness.Owner, thread.ThreadId, null, Token);
        Assert.Equal((thread.Head, thread.State.ToString()), (current.CheckpointId, StateModel.Describe(current.Values.Text)));

        List<ThreadState> history = [];
        await foreach (var state in queue.Service.GetHistoryAsync(QueueHarness.Owner, thread.ThreadId, new ThreadHistoryRequest { Limit = 1000 }, Token))
        {
            history.Add(state);
        }

        history.Reverse();
        Assert.Equal(
            thread.Checkpoints.Select(each => $"{each.Id} {each.Parent} {each.State}"),
            history.Select(state => $"{state.CheckpointId} {state.ParentCheckpointId} {StateModel.Describe(state.Values.Text)}"));
        Assert.All(history, state => AssertMetadata(thread, state));
    }

    private static void AssertMetadata(ThreadModel thread, ThreadState state)
    {
        var metadata = JsonText.Parse(state.Metadata.Text);
        var run = thread.Checkpoints.Single(checkpoint => checkpoint.Id == state.CheckpointId).Run;
        Assert.Equal(thread.ThreadId, metadata.GetProperty("thread_id").GetGuid());
        Assert.Equal("echo", metadata.GetProperty("graph_id").GetString());
        Assert.Equal(run, metadata.TryGetProperty("run_id", out var id) ? id.GetGuid() : null);
        Assert.Equal(thread.ThreadId, state.Checkpoint!.ThreadId);
    }

    private Task<IReadOnlyList<string>> IdsAsync(ThreadModel thread) =>
        queue.Database.Source.LinesAsync("select id from checkpoints where thread_id = $1 order by n", thread.ThreadId);
}
