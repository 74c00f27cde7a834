using AgentProtocol.Agents;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Observability;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AgentProtocol.Engine.Execution;

/// <summary>Runs the agent of a run once, and says how that ended.</summary>
internal sealed class AgentAttempt(
    AgentRegistry agents, StoreService store, ChildRuns children, RunLimits limits, IOptions<RunsOptions> options, ILogger<AgentAttempt> logger)
{
    /// <summary>The agent of a run as it is registered now; null when it is not any more. To be asked once in an execution, which keeps the agent that it has begun with.</summary>
    public AgentDefinition? Find(ClaimedRun run) => agents.Find(run.Order!.Agent);

    /// <summary>Lets the agent speak. Null means that the run goes on elsewhere or later.</summary>
    public async Task<RunOutcome?> RunAsync(
        AgentDefinition? definition, RunningRun run, RunWriter writer, RunRecorder recorder, IAgentInbox inbox, RunRequest request, RunStart start)
    {
        if (definition is null)
        {
            return RunOutcome.Failed("UnknownAgent", $"No agent \"{run.Claim.Order!.Agent}\" is registered any more");
        }

        try
        {
            var context = ToContext(run, writer, recorder, inbox, request, start);

            // On a thread of its own account: an agent that blocks must not hold up the executor, which may have to abandon it.
            var gate = new PauseGate(request, definition.Nodes[0], context.ResumeNode);
            run.WatchSilence(request.IdleTimeout ?? limits.Of(definition.Id).Idle);
            var pump = Task.Run(() => PumpAsync(definition.Agent, context, gate, run, writer));
            var outcome = await pump.WaitAsync(run.Abandoned);
            return outcome is not null && run.Cause is (StopCause.None or StopCause.Draining) ? outcome : Stopped(run);
        }
        catch (OperationCanceledException) when (run.Cause != StopCause.None || run.Draining.IsCancellationRequested)
        {
            if (run.Abandoned.IsCancellationRequested)
            {
                EngineLog.AgentAbandoned(logger, options.Value.CancelGrace);
            }

            return Stopped(run);
        }
        catch (Exception exception)
        {
            return run.Cause == StopCause.None ? Failed(run, exception) : Stopped(run);
        }
        finally
        {
            run.Rest();
        }
    }

    /// <summary>Reads the agent's events to the end, or to where it waits for somebody. Null when it was stopped at a checkpoint in between.</summary>
    private static async Task<RunOutcome?> PumpAsync(IAgent agent, AgentContext context, PauseGate gate, RunningRun run, RunWriter writer)
    {
        if (gate.AtStart() is { } atStart)
        {
            return RunOutcome.Paused(atStart);
        }

        await foreach (var happened in agent.RunAsync(context, run.Stopping).WithCancellation(run.Stopping))
        {
            if (gate.Observe(happened) is { } pause)
            {
                return RunOutcome.Paused(pause);
            }

            // How long the database takes to keep up is no silence of the agent.
            run.Rest();
            await writer.RecordAsync(happened);
            run.Touch();
            if (happened is AgentEvent.StateUpdate && run.StopsHere())
            {
                return null;
            }
        }

        return gate.AtEnd() is { } atEnd ? RunOutcome.Paused(atEnd) : RunOutcome.Succeeded;
    }

    private static RunOutcome? Stopped(RunningRun run) => run.Cause switch
    {
        StopCause.Deadline => run.Silence ?? RunOutcome.TimedOut(run.Claim.TimeLimit),
        StopCause.Interrupt or StopCause.Rollback => RunOutcome.Interrupted(run.Reason),
        _ => null,
    };

    private RunOutcome? Failed(RunningRun run, Exception exception)
    {
        var (message, retryable) = exception switch
        {
            AgentException agent => (agent.Message, agent.Retryable),
            StateUpdateException update => (update.Message, false),
            HttpRequestException or IOException or TimeoutException => (exception.Message, true),
            // From the agent's use of the store.
            NpgsqlException database when TransientFailure.Is(database) => ("The database could not be reached", true),
            _ => (exception.Message, false),
        };
        var (agentId, failures) = (run.Claim.Order!.Agent, run.Claim.Failures);
        if (retryable && failures + 1 < limits.MaxAttempts(agentId))
        {
            EngineLog.RunRetried(logger, limits.RetryDelayAfter(agentId, failures), message, exception);
            return null;
        }

        EngineLog.RunFailed(logger, message, exception is AgentException ? null : exception);
        return RunOutcome.Failed(exception is AgentException ? "AgentError" : exception.GetType().Name, message);
    }

    private AgentContext ToContext(
        RunningRun run, RunWriter writer, RunRecorder recorder, IAgentInbox inbox, RunRequest request, RunStart start) => new()
        {
            RunId = run.Claim.RunId,
            ThreadId = run.Claim.ThreadId,
            AgentId = run.Claim.Order!.Agent,
            Attempt = run.Claim.Attempt,
            CompletedSteps = start.CompletedSteps,
            Input = request.Input,
            State = AgentStates.From(recorder.State),
            Config = RunSettings.WithServerKeys(
            request.Config, run.Claim.RunId, run.Claim.ThreadId, run.Claim.Order.Agent, run.Claim.Order.AssistantId, run.Claim.Owner),
            Context = request.Context,
            ResumeNode = start.Pause?.Node,
            Interrupts = start.Pause is not { } pause ? []
            : [.. pause.Interrupts.Select(interrupt => new AgentInterrupt(
                interrupt.Id, JsonText.Parse(interrupt.Value), ResumeAnswers.For(interrupt, pause, request.Resume)))],
            Draining = run.Draining,
            LeaseLost = run.LeaseLost,
            Logger = logger,
            Store = new AgentStore(store, run),
            Inbox = inbox,
            Children = children.Of(run, writer),
        };
}
