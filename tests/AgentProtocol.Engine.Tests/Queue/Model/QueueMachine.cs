using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Tests.Support;
using Xunit;

namespace AgentProtocol.Engine.Tests.Queue.Model;

/// <summary>One command: what to do, and to which of the things that there are.</summary>
internal readonly record struct QueueCommand(QueueAct Act, int A, int B);

internal enum QueueAct
{
    Create, Claim, Write, WriteLate, Succeed, Fail, Retry, HandBack, Cancel, RollBack, Reap, PassTime, DeleteThread, Tell, Take,
}

/// <summary>Gives the same commands to the queue and to the model, and compares after each.</summary>
internal sealed class QueueMachine(QueueHarness queue)
{
    /// <summary>Mostly enqueue, or threads never become long.</summary>
    private static readonly MultitaskStrategy[] Strategies =
    [
        MultitaskStrategy.Enqueue, MultitaskStrategy.Interrupt, MultitaskStrategy.Enqueue, MultitaskStrategy.Rollback,
        MultitaskStrategy.Enqueue, MultitaskStrategy.Reject, MultitaskStrategy.Enqueue,
    ];

    private readonly QueueModel model = new();
    private readonly QueueInvariants invariants = new(queue.Database.Source);
    private readonly Dictionary<Guid, Attempt> attempts = [];
    private readonly List<Attempt> late = [];
    private readonly List<Guid> threads = [];
    private readonly List<Guid> nodes = [];
    private readonly HashSet<Guid> deleted = [];

    public async Task RunAsync(IEnumerable<QueueCommand> commands)
    {
        await queue.Database.Source.ExecuteAsync("truncate threads, thread_heads, checkpoints, checkpoint_runs, pauses, runs, run_work, run_updates, run_events, nodes");
        queue.Slots.Leave();
        while (threads.Count < 2)
        {
            threads.Add(await queue.NewThreadAsync());
            nodes.Add(await queue.JoinAsync());
        }

        foreach (var command in commands)
        {
            await ExecuteAsync(command);
            var states = await invariants.CheckAsync(deleted);
            var expected = model.All.Where(run => run.State != RunState.Erased).ToDictionary(run => run.Id, run => run.State);
            Assert.Equal(expected.OrderBy(run => run.Key), states.OrderBy(run => run.Key));
            Assert.Equal(
                model.All.Count(run => run.IsUnmerged),
                await queue.Database.Source.ScalarAsync<long>("select count(*) from runs where unmerged"));
            Assert.Equal(
                model.All.Where(run => !run.State.IsTerminal).Sum(run => run.Untaken),
                await queue.Database.Source.ScalarAsync<long>("select coalesce(sum(untaken), 0) from thread_heads"));
        }
    }

    private Task ExecuteAsync(QueueCommand command) => command.Act switch
    {
        QueueAct.Create => CreateAsync(threads[command.A % 2], Strategies[command.B % Strategies.Length], command.B),
        QueueAct.Claim => ClaimAsync(nodes[command.A % 2], 1 + (command.B % 2)),
        QueueAct.Write => OnRunningAsync(command, async attempt => Assert.True(await attempt.Say("more").WriteAsync())),
        QueueAct.WriteLate => WriteLateAsync(command),
        QueueAct.Succeed => OnRunningAsync(command, attempt => EndAsync(attempt, RunOutcome.Succeeded)),
        QueueAct.Fail => OnRunningAsync(command, attempt => EndAsync(attempt, command.B % 2 == 0 ? RunOutcome.Failed("T", "m") : RunOutcome.TimedOut(default))),
        QueueAct.Retry => OnRunningAsync(command, attempt => PutBackAsync(attempt, retry: true)),
        QueueAct.HandBack => OnRunningAsync(command, attempt => PutBackAsync(attempt, retry: false)),
        QueueAct.Cancel => CancelAsync(command, CancelAction.Interrupt),
        QueueAct.RollBack => CancelAsync(command, CancelAction.Rollback),
        QueueAct.Reap => ReapAsync(command.A % 2),
        QueueAct.PassTime => PassTimeAsync(),
        QueueAct.Tell => TellAsync(command),
        QueueAct.Take => OnRunningAsync(command, TakeAsync),
        _ => DeleteThreadAsync(command.A % 2),
    };

    private async Task CreateAsync(Guid thread, MultitaskStrategy strategy, int choice)
    {
        var delayed = choice % 5 == 0;
        var node = nodes[choice % 2];
        var bornClaimed = !delayed && choice % 3 == 0;
        if (bornClaimed)
        {
            queue.Slots.Open(node, 1);
        }

        var run = QueueHarness.NewRun(thread, strategy, delayed ? TimeSpan.FromHours(1) : default);
        var result = await queue.CreateAsync(run);
        queue.Slots.Leave();
        Assert.Equal(model.Create(run.RunId, thread, strategy, delayed, bornClaimed), result.Created is not null);
        if (queue.Slots.HandedOver.TryRead(out var claim))
        {
            await StartAsync(claim);
        }
    }

    private async Task ClaimAsync(Guid node, int room)
    {
        var ready = model.Of(RunState.Ready).ToList();
        var claims = await queue.Claims.ClaimAsync(node, room, TestContext.Current.CancellationToken);
        Assert.Equal(Math.Min(room, ready.Count), claims.Count);
        foreach (var claim in claims)
        {
            Assert.Contains(model[claim.RunId], ready);
            model[claim.RunId].State = RunState.Running;
            await StartAsync(claim);
        }
    }

    private async Task StartAsync(ClaimedRun claim)
    {
        var attempt = attempts[claim.RunId] = await Attempt.BeginAsync(queue, claim);
        Assert.True(await attempt.WriteAsync());
        var run = model[claim.RunId];
        run.HasBegun = true;
        foreach (var carried in model.OnThread(run.Thread).Where(other => other.Order < run.Order))
        {
            carried.IsUnmerged = false;
        }
    }

    private async Task OnRunningAsync(QueueCommand command, Func<Attempt, Task> act)
    {
        var running = model.Of(RunState.Running).ToList();
        if (running.Count > 0)
        {
            await act(attempts[running[command.A % running.Count].Id]);
        }
    }

    private async Task EndAsync(Attempt attempt, RunOutcome outcome)
    {
        var run = model[attempt.Claim.RunId];
        var goesOn = outcome.State == RunState.Success && run is { Untaken: > 0, MustStop: false };
        var ending = attempt.End(outcome);
        var result = await attempt.EndAsync(ending);
        Assert.Equal(goesOn ? EndingKind.Steered : run.MustRollBack ? EndingKind.MustRollBack : EndingKind.Ended, result.Kind);
        if (goesOn)
        {
            Assert.True(await attempt.GoOnAsync(ending));
            return;
        }

        if (run.MustRollBack)
        {
            Assert.Equal(EndingKind.Ended, (await attempt.RollBackAsync()).Kind);
        }

        late.Add(attempt);
        model.End(run, run.MustRollBack ? RunState.Erased : outcome.State);
    }

    private async Task PutBackAsync(Attempt attempt, bool retry)
    {
        var result = retry
            ? await queue.Completion.RetryLaterAsync(attempt.Claim, TimeSpan.FromHours(1), CancellationToken.None)
            : await queue.Completion.HandBackAsync(attempt.Claim, CancellationToken.None);
        Assert.Equal(EndingKind.Ended, result.Kind);
        late.Add(attempt);
        var run = model[attempt.Claim.RunId];
        var waits = retry && (run.Failures > 0 || !run.MustStop);
        run.Failures += retry ? 1 : 0;
        run.State = waits ? RunState.Delayed : RunState.Ready;
    }

    private async Task TellAsync(QueueCommand command)
    {
        var runs = model.All.Where(run => run.State != RunState.Erased).ToList();
        if (runs.Count > 0)
        {
            var run = runs[command.A % runs.Count];
            Assert.Equal(QueueModel.Tell(run), await queue.TellAsync(run.Thread, run.Id, "told") is not null);
        }
    }

    private async Task TakeAsync(Attempt attempt)
    {
        var run = model[attempt.Claim.RunId];
        if (run.Untaken > 0)
        {
            Assert.True(await (await attempt.TakeAsync()).WriteAsync());
            run.Untaken = 0;
        }
    }

    private async Task WriteLateAsync(QueueCommand command)
    {
        if (late.Count > 0)
        {
            var attempt = late[command.A % late.Count];
            Assert.False(await attempt.Say("never").WriteAsync());
            Assert.Equal(EndingKind.LeaseLost, (await attempt.SucceedAsync()).Kind);
        }
    }

    private async Task CancelAsync(QueueCommand command, CancelAction action)
    {
        var runs = model.All.Where(run => run.State != RunState.Erased).ToList();
        if (runs.Count > 0)
        {
            var run = runs[command.A % runs.Count];
            await queue.CancelAsync(run.Id, action);
            model.Cancel(run, action == CancelAction.Rollback);
        }
    }

    private async Task ReapAsync(int index)
    {
        var lost = attempts.Values.Where(attempt => attempt.Claim.Node == nodes[index] && IsCurrent(attempt)).ToList();
        Assert.Equal(lost.Count, await queue.ReapAsync(nodes[index]));
        foreach (var attempt in lost)
        {
            late.Add(attempt);
            model[attempt.Claim.RunId].State = RunState.Ready;
        }

        nodes[index] = await queue.JoinAsync();
    }

    private bool IsCurrent(Attempt attempt) =>
        model.Of(RunState.Running).Any(run => run.Id == attempt.Claim.RunId);

    private async Task PassTimeAsync()
    {
        await queue.Database.Source.ExecuteAsync("update run_work set available_at = now() where available_at > now()");
        await using var connection = await queue.Database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await RunMaintenance.WakeDueAsync(connection, TestContext.Current.CancellationToken);
        Assert.Equal(0, await RunMaintenance.PromoteStrandedAsync(connection, TestContext.Current.CancellationToken));
        Assert.Equal(0, await RunMaintenance.RecoverOrphansAsync(connection, TestContext.Current.CancellationToken));
        model.PassTime();
    }

    private async Task DeleteThreadAsync(int index)
    {
        await using var connection = await queue.Database.Source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        deleted.UnionWith(await ThreadRemoval.DeleteAsync(connection, [threads[index]], TestContext.Current.CancellationToken));
        foreach (var run in model.OnThread(threads[index]).Where(run => attempts.ContainsKey(run.Id)))
        {
            late.Add(attempts[run.Id]);
        }

        model.DeleteThread(threads[index]);
        threads[index] = await queue.NewThreadAsync();
    }
}
