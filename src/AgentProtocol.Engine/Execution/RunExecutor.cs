using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace AgentProtocol.Engine.Execution;

/// <summary>
/// Executes one claimed run: load, begin, let the agent speak, decide how it ended, end it. Whatever the queue, this is
/// the one way in which runs are executed and ended.
/// </summary>
internal sealed class RunExecutor(
    AgentAttempt attempt,
    ChildRuns children,
    RunLoader loader,
    EventLog log,
    RunFeed feed,
    Hints hints,
    PageClock clock,
    RunCompletion completion,
    UpdateReader updates,
    IRunQueue queue,
    RunLimits limits,
    IOptions<RunsOptions> options,
    TimeProvider time,
    ILogger<RunExecutor> logger)
{
    /// <summary>Executes until the run has ended, is put back, or is no longer ours. Never throws.</summary>
    public async Task ExecuteAsync(RunningRun run)
    {
        var claim = run.Claim;
        using var scope = logger.BeginScope(new RunLogScope(claim.RunId, claim.ThreadId, claim.Attempt));
        try
        {
            await ExecuteClaimAsync(run);
        }
        catch (Exception exception)
        {
            // A defect of ours or of the database's contents. The run gets another attempt until its budget is spent.
            EngineLog.ExecutorFailed(logger, exception);
            Announce(claim, await GiveUpAsync(run));
        }
    }

    /// <summary>Ends an execution that could not be ended in the ordinary way, with as little as possible.</summary>
    private async Task<EndingResult> GiveUpAsync(RunningRun run)
    {
        if (run.Cause == StopCause.LeaseLost)
        {
            return new EndingResult(EndingKind.LeaseLost);
        }

        try
        {
            if (run.Cause == StopCause.Draining)
            {
                return await completion.HandBackAsync(run.Claim, run.LeaseLost);
            }

            if (run.Claim.Settle == "rollback" || run.Cause == StopCause.Rollback)
            {
                return await completion.RollBackAsync(run.Claim, run.LeaseLost);
            }

            if (run.Claim.Failures + 1 >= limits.MaxAttempts(run.Claim.Order?.Agent))
            {
                var outcome = RunOutcome.Failed("InternalError", "The server failed to execute the run; its log says why");
                var ended = await completion.FinishBareAsync(run.Claim, outcome, run.LeaseLost);
                return ended.Kind == EndingKind.MustRollBack ? await completion.RollBackAsync(run.Claim, run.LeaseLost) : ended;
            }
        }
        catch (Exception exception)
        {
            // Then there is nothing left but to try again later.
            EngineLog.ExecutorFailed(logger, exception);
        }

        return await completion.RetryLaterAsync(run.Claim, RetryDelay(run.Claim), run.LeaseLost);
    }

    /// <summary>Reads the start, for as long as it takes: a database that is away is no failure of the run.</summary>
    private async Task<RunStart?> LoadAsync(RunningRun run, RunRequest request)
    {
        for (var failures = 0; ; failures++)
        {
            try
            {
                return await loader.LoadAsync(run.Claim, request, CancellationToken.None);
            }
            catch (Exception exception) when (TransientFailure.Is(exception) && !run.Stopping.IsCancellationRequested)
            {
                await Task.Delay(TransientFailure.Pause(failures), time, CancellationToken.None);
            }
        }
    }

    private async Task ExecuteClaimAsync(RunningRun run)
    {
        var claim = run.Claim;
        EngineLog.RunStarts(logger, claim.Attempt);
        var request = RunRequest.Parse(claim.Order!.Request, claim.Order.Assistant, claim.Order.ThreadConfig);
        if (await LoadAsync(run, request) is not { } start)
        {
            EngineLog.LeaseLost(logger);
            return;
        }

        var agent = attempt.Find(claim);
        var recorder = new RunRecorder(claim, request, start, agent?.Nodes[0] ?? claim.Order.Agent, options.Value.CancelLifecycle, time);
        var writer = new RunWriter(run, recorder, log, feed, hints, clock, request.CommitsEachStep);
        using var inbox = new RunInbox(run, writer, updates, time);
        run.Updates.Take(start.TakenUpdates);
        run.Updates.Announce(start.Updates);
        var outcome = BeginOrResume(writer, request, start) ?? EndWithoutAgent(run) ?? EndAtOnce(request, start);
        outcome ??= await attempt.RunAsync(agent, run, writer, recorder, inbox, request, start);
        do
        {
            // An agent that is done has not seen what came since: it is asked again, with that in the state.
            while (outcome is { State: RunState.Success } && !run.IsToStopAtCheckpoint && await inbox.TakeRestAsync())
            {
                start = start with { CompletedSteps = recorder.CompletedSteps, Pause = null };
                outcome = await attempt.RunAsync(agent, run, writer, recorder, inbox, request, start);
            }
        }
        while (!await EndAsync(run, writer, outcome, recorder, request));
    }

    private static RunOutcome? BeginOrResume(RunWriter writer, RunRequest request, RunStart start)
    {
        try
        {
            writer.Record(recorder =>
            {
                if (start.InputMerged)
                {
                    recorder.Resume();
                }
                else
                {
                    recorder.Begin(request, [.. start.CarriedRequests.Select(RunRequest.Parse)]);
                }
            });
            return null;
        }
        catch (StateUpdateException exception)
        {
            return RunOutcome.Failed("InvalidInput", exception.Message);
        }
    }

    /// <summary>A run may be claimed only to be ended: told to stop, out of time, or lost too often.</summary>
    private RunOutcome? EndWithoutAgent(RunningRun run)
    {
        var claim = run.Claim;
        var (maxLosses, maxFailures) = (options.Value.MaxAttempts, limits.MaxAttempts(claim.Order!.Agent));
        if (claim.Settle is { } settle)
        {
            run.Stop(RunningRuns.ToCause(settle), claim.SettleReason ?? "Cancelled");
            return settle == "timeout" ? RunOutcome.TimedOut(claim.TimeLimit) : RunOutcome.Interrupted(run.Reason);
        }

        return claim.Losses >= maxLosses ? RunOutcome.LostTooOften(claim.Losses)
            : claim.Failures >= maxFailures ? RunOutcome.Failed("TooManyFailures", $"The run failed {claim.Failures} times")
            : claim.TimeLeft <= TimeSpan.Zero ? RunOutcome.TimedOut(claim.TimeLimit)
            : null;
    }

    /// <summary>What the run was to go on from decides before its agent does (wire-contract 5.8, 5.11).</summary>
    private static RunOutcome? EndAtOnce(RunRequest request, RunStart start) =>
        start.IsCheckpointMissing ? RunOutcome.Failed("CheckpointNotFound", $"Checkpoint {request.CheckpointId} does not exist any more")
        : request.Resume.ValueKind != System.Text.Json.JsonValueKind.Undefined && start.Pause is null
            ? RunOutcome.Failed("NothingToResume", "The thread does not wait for an answer")
        : start.HasNothingToDo ? RunOutcome.Succeeded
        : null;

    /// <returns>False when updates came before the end: then the run goes on.</returns>
    private async Task<bool> EndAsync(RunningRun run, RunWriter writer, RunOutcome? outcome, RunRecorder recorder, RunRequest request)
    {
        var page = await writer.CloseAsync(recorder =>
        {
            if (outcome is not null)
            {
                recorder.End(outcome);
            }
        });
        if (run.Cause == StopCause.LeaseLost)
        {
            EngineLog.LeaseLost(logger);
            return true;
        }

        if (run.Cause == StopCause.Rollback || outcome is not null)
        {
            await children.CancelAllAsync(run);
        }

        var result = run.Cause == StopCause.Rollback ? new EndingResult(EndingKind.MustRollBack)
            : outcome is not null ? await completion.FinishAsync(ToEnding(outcome), run.LeaseLost)
            : await PutBackAsync(run, page);
        if (result.Kind == EndingKind.Steered)
        {
            run.Updates.Announce(result.Updates);
            await writer.ReopenAsync(page);
            return false;
        }

        if (result.Kind == EndingKind.MustRollBack)
        {
            result = await completion.RollBackAsync(run.Claim, run.LeaseLost);
        }
        else if (result.Kind == EndingKind.Ended && outcome is not null)
        {
            feed.Publish(page);
            feed.PublishEnd(page);
            hints.SendEvents(page.RunId, page.ThreadId);
            EngineLog.RunEnded(logger, outcome.Status);
            Promote(result);
            return true;
        }

        Announce(run.Claim, result);
        return true;

        RunEnding ToEnding(RunOutcome outcome) => new(page, outcome, run.Claim.Attempt)
        {
            Webhook = WebhookCall.Of(request, recorder.State),
        };
    }

    /// <summary>What was said since the last page is kept, for readers have seen more than half of a message before; then the fence moves on.</summary>
    private async Task<EndingResult> PutBackAsync(RunningRun run, RunPage page)
    {
        if (!page.IsEmpty && !await log.AppendAsync(page, run.LeaseLost))
        {
            return new EndingResult(EndingKind.LeaseLost);
        }

        feed.Publish(page);
        if (run.Draining.IsCancellationRequested || run.Cause == StopCause.Draining)
        {
            EngineLog.RunHandedBack(logger);
            return await completion.HandBackAsync(run.Claim, run.LeaseLost);
        }

        return await completion.RetryLaterAsync(run.Claim, RetryDelay(run.Claim), run.LeaseLost);
    }

    private TimeSpan RetryDelay(ClaimedRun run) => limits.RetryDelayAfter(run.Order?.Agent, run.Failures);

    private void Announce(ClaimedRun run, EndingResult result)
    {
        if (result.Kind == EndingKind.LeaseLost)
        {
            EngineLog.LeaseLost(logger);
            return;
        }

        feed.Wake(run.RunId);
        feed.Wake(run.ThreadId);
        hints.SendEvents(run.RunId, run.ThreadId);
        Promote(result);
    }

    private void Promote(EndingResult result)
    {
        if (result.Promoted is { } promoted)
        {
            queue.Signal([promoted]);
        }
    }
}
