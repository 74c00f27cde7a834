using System.Text.Json;
using AgentProtocol.Agents;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.Storage;

namespace AgentProtocol.Engine.Runs;

/// <summary>Tells runs in flight something, without losing what they have done.</summary>
public sealed class RunUpdateService
{
    private readonly AgentRegistry agents;
    private readonly RunLookup runs;
    private readonly UpdateReader updates;
    private readonly RunSteering steering;
    private readonly RunFactory factory;
    private readonly SettlementSignals signals;
    private readonly KeyReservations keys;

    internal RunUpdateService(
        AgentRegistry agents, RunLookup runs, UpdateReader updates, RunSteering steering, RunFactory factory, SettlementSignals signals, KeyReservations keys)
    {
        (this.agents, this.runs, this.updates, this.steering) = (agents, runs, updates, steering);
        (this.factory, this.signals, this.keys) = (factory, signals, keys);
    }

    /// <summary>
    /// Gives messages to a run. Once this returns they are durable: the run takes them at its next safe point, and what it
    /// has not taken at its end becomes part of the thread. An agent that takes no messages is superseded by a run that
    /// brings them.
    /// </summary>
    /// <exception cref="ProtocolException">There is no such run, it takes no messages any more or not yet, or they cannot be merged.</exception>
    public async Task<RunUpdate> AddAsync(
        string owner, Guid? threadId, Guid runId, NewRunUpdate update, CancellationToken cancellationToken)
    {
        RunUpdates.Check(update.Request);
        var run = await FindAsync(owner, threadId, runId);
        var id = await ReserveAsync(owner, run, update.Key, cancellationToken);
        if (update.Key is not null && await FindEarlierAsync(owner, id, cancellationToken) is { } earlier)
        {
            return earlier;
        }

        if (run.WorkState is null)
        {
            throw Ended(runId);
        }

        if (run.WorkState == RunState.Waiting)
        {
            throw Busy(runId);
        }

        var isSteerable = agents.Find(run.Row.Agent) is { IsSteerable: true };
        if (!isSteerable && run.Row.ParentRunId is not null)
        {
            throw ProtocolException.Conflict($"Run {runId} takes no messages: its agent does not, and the run that has started it waits for this very run");
        }

        return isSteerable
            ? await SteerAsync(new NewUpdate(id, owner, run.Row.ThreadId, runId, RunUpdates.ToInput(update.Request).Text), cancellationToken)
            : await ReplaceAsync(owner, run, id, update, cancellationToken);
    }

    /// <summary>What a run was told, in its order.</summary>
    /// <exception cref="ProtocolException">There is no such run.</exception>
    public async Task<IReadOnlyList<RunUpdate>> ListAsync(string owner, Guid? threadId, Guid runId) =>
        [.. (await FindAsync(owner, threadId, runId)).Updates.Select(update => update.ToWire())];

    private async Task<RunUpdate> SteerAsync(NewUpdate update, CancellationToken cancellationToken)
    {
        AcceptedUpdate? accepted;
        try
        {
            accepted = await steering.AcceptAsync(update, cancellationToken);
        }
        catch (Exception exception) when (TransientFailure.Is(exception))
        {
            // The commit may have happened. A caller that is told of a failure says it again.
            return await updates.FindAsync(update.Owner, update.Id, cancellationToken) is { } stored ? stored.ToWire()
                : throw new ProtocolException(ErrorCode.Unavailable, "The database cannot be reached; try again");
        }

        if (accepted is null)
        {
            throw await runs.ReadAsync(update.Owner, update.RunId) is { WorkState: not null } ? Busy(update.RunId) : Ended(update.RunId);
        }

        signals.Announce(accepted.Effects);
        return Accepted(update.Id, update.RunId, update.ThreadId, accepted.CreatedAt);
    }

    /// <summary>A run in place of an update; its id is that of the update, too.</summary>
    private async Task<RunUpdate> ReplaceAsync(string owner, RunView run, Guid id, NewRunUpdate update, CancellationToken cancellationToken)
    {
        var body = RunUpdates.ToRun(run.Row.Request, update.Request);
        var request = JsonSerializer.Deserialize(body.Text, ProtocolJsonContext.Default.RunCreate)!;
        var created = await factory.CreateAsync(
            owner,
            new NewRun(run.Row.ThreadId, request, body, RunReader.None) { Reserved = update.Key is null ? null : new ReservedIds(id, run.Row.ThreadId) },
            cancellationToken);
        return Accepted(created.Run.RunId, created.Run.RunId, created.Run.ThreadId, created.Run.CreatedAt);
    }

    private async Task<Guid> ReserveAsync(string owner, RunView run, IdempotencyKey? key, CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7();
        return key is null ? id
            : (await keys.ReserveAsync(owner, key, id, run.Row.ThreadId, cancellationToken))?.RunId
            ?? throw ProtocolException.Conflict($"{IdempotencyKey.Header} {key.Value} is being forgotten: try again");
    }

    /// <summary>What an earlier request with the same key has led to.</summary>
    private async Task<RunUpdate?> FindEarlierAsync(string owner, Guid id, CancellationToken cancellationToken) =>
        await updates.FindAsync(owner, id, cancellationToken) is { } update ? update.ToWire()
        : await runs.ReadAsync(owner, id) is { } run ? Accepted(id, id, run.Row.ThreadId, run.Row.CreatedAt)
        : null;

    private async Task<RunView> FindAsync(string owner, Guid? threadId, Guid runId) =>
        await runs.ReadAsync(owner, runId) is { } run && (threadId is null || run.Row.ThreadId == threadId)
            ? run
            : throw ProtocolException.RunNotFound(runId);

    private static ProtocolException Busy(Guid runId) =>
        ProtocolException.Conflict($"Run {runId} takes no messages: it is being stopped, or waits behind another run of its thread");

    private static ProtocolException Ended(Guid runId) =>
        ProtocolException.Conflict($"Run {runId} has ended: start another run on its thread");

    private static RunUpdate Accepted(Guid id, Guid runId, Guid threadId, DateTime createdAt) => new()
    {
        UpdateId = id,
        RunId = runId,
        ThreadId = threadId,
        Status = RunUpdateStatus.Accepted,
        CreatedAt = createdAt,
        DeliveredAt = null,
    };
}
