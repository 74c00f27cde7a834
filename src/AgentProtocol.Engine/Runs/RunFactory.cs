using System.Text.Json;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Engine.Assistants;
using AgentProtocol.Engine.Events;
using AgentProtocol.Engine.Lifecycle;
using AgentProtocol.Engine.Queue;
using AgentProtocol.Engine.State;
using AgentProtocol.Engine.Storage;
using AgentProtocol.Engine.Storage.Rows;

namespace AgentProtocol.Engine.Runs;

/// <summary>Makes runs: resolves the assistant and the thread, checks the input, stores, tells.</summary>
internal sealed class RunFactory(
    AssistantResolver assistants,
    RunCreation creation,
    ThreadStore threads,
    ThreadReader reader,
    SettlementSignals signals,
    IRunQueue queue,
    NodeSlots slots,
    RunFeed feed,
    EventReader events,
    RunLookup runs,
    UpdateReader updates,
    KeyReservations keys,
    RunLimits limits)
{
    public async Task<CreatedRun> CreateAsync(string owner, NewRun run, CancellationToken cancellationToken)
    {
        CheckInput(run.Request);
        CheckWish(run);
        var assistant = await assistants.ResolveAsync(owner, run.Request.AssistantId ?? run.Request.AgentId, cancellationToken);
        var cancelOnDisconnect = run.Reader != RunReader.None && CancelsOnDisconnect(run.Request);
        var row = await ReserveAsync(ToRow(owner, run, assistant, cancelOnDisconnect ? slots.NodeId : null), run, cancellationToken);

        // From before the run exists, so that nothing it says is missed.
        var subscription = run.Reader == RunReader.Stream ? feed.Subscribe(row.RunId, wantsPages: true) : null;
        try
        {
            var (view, isNew, update) = await FindOrStoreAsync(row, assistant, run, cancellationToken);
            if (update is not null)
            {
                subscription?.Dispose();
                return Steered(view, update, run.Reader);
            }

            var stream = subscription is null ? null
                : new RunEventStream(subscription, events, row.RunId, row.ThreadId, row.Stateless, from: 0, isKnownToBeNew: isNew, modes: null);
            return new CreatedRun(view.ToWire(), row.Stateless, cancelOnDisconnect, stream, ThreadSeq.FirstOf(view.Row.RunNo) - 1);
        }
        catch
        {
            subscription?.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The run in flight that takes what this one would have brought. It belongs to whoever has created it: it is not
    /// cancelled when this caller hangs up.
    /// </summary>
    private CreatedRun Steered(RunView view, AcceptedUpdate update, RunReader reader)
    {
        var row = view.Row;
        var stream = reader != RunReader.Stream ? null : new RunEventStream(
            feed.Subscribe(row.RunId, wantsPages: true), events, row.RunId, row.ThreadId, row.Stateless, update.NextEvent, isKnownToBeNew: false, modes: null);
        return new CreatedRun(view.ToWire(), row.Stateless, CancelOnDisconnect: false, stream, ThreadSeq.Of(row.RunNo, update.NextEvent) - 1);
    }

    public static ProtocolException Busy(Guid threadId) =>
        ProtocolException.Conflict($"Thread {threadId} is busy with another run, and multitask_strategy is reject");

    /// <summary>Refuses what can be refused before anything is stored; gives the assistant.</summary>
    public async Task<Guid> CheckAsync(string owner, NewRun run, CancellationToken cancellationToken)
    {
        CheckWish(run);
        var assistantId = await CheckAsync(owner, run.Request, cancellationToken);
        if (run.Key is null)
        {
            // With a key this may be a repetition, and what an earlier try has resumed waits no more.
            await CheckStartAsync(owner, run, cancellationToken);
        }

        return assistantId;
    }

    /// <summary>Refuses what would be refused when a run were created with this body; gives the assistant it would be for.</summary>
    public async Task<Guid> CheckAsync(string owner, RunCreate request, CancellationToken cancellationToken)
    {
        CheckInput(request);
        var assistant = await assistants.ResolveAsync(owner, request.AssistantId ?? request.AgentId, cancellationToken);
        limits.Check(assistant.Agent, request.Timeouts);
        return assistant.AssistantId;
    }

    /// <summary>The row with the ids that belong to its key; without a key the row as it is.</summary>
    private async Task<NewRunRow> ReserveAsync(NewRunRow row, NewRun run, CancellationToken cancellationToken)
    {
        if (run.Reserved is { } ids)
        {
            return row with { RunId = ids.RunId, ThreadId = ids.ThreadId, IsShared = true };
        }

        if (run.Key is not { } key)
        {
            return row;
        }

        return await keys.ReserveAsync(row.Owner, key, row.RunId, row.ThreadId, cancellationToken) is { RunId: { } runId } reserved
            ? row with { RunId = runId, ThreadId = reserved.ThreadId, IsShared = true }
            : throw ProtocolException.Conflict($"{IdempotencyKey.Header} {key.Value} is being forgotten: try again");
    }

    /// <summary>The run that an earlier try with the same ids has stored; else stores it. With an update, the run that takes it.</summary>
    private async Task<(RunView View, bool IsNew, AcceptedUpdate? Update)> FindOrStoreAsync(
        NewRunRow row, RunAssistant assistant, NewRun run, CancellationToken cancellationToken)
    {
        if (row.IsShared && await runs.ReadAsync(row.Owner, row.RunId) is { } earlier)
        {
            return (earlier, false, null);
        }

        if (row is { IsShared: true, Strategy: MultitaskStrategy.Steer } && await updates.FindAsync(row.Owner, row.RunId, cancellationToken) is { } told)
        {
            return await WithRunAsync(row.Owner, new AcceptedUpdate(told.RunId, 0, told.CreatedAt, SettlementEffects.None));
        }

        // Only now: what an earlier try has resumed waits no more.
        await CheckStartAsync(row.Owner, run, cancellationToken);
        row = limits.Apply(row, run.Request.Timeouts);
        if (run.ThreadId is null)
        {
            await threads.CreateAsync(row.Stateless ? new NewThreadRow { ThreadId = row.ThreadId, Owner = row.Owner, Temporary = true } : NewThread(row));
        }

        var (stored, result) = await StoreAsync(row, assistant, run.Request, cancellationToken);
        if (result.Created is { } created)
        {
            return (ToView(stored, created), true, null);
        }

        if (result.Update is { } update)
        {
            return await WithRunAsync(row.Owner, update);
        }

        // Whatever the refusal: the thread may be busy with this very run, stored by another try a moment ago.
        if (row.IsShared && await runs.ReadAsync(row.Owner, row.RunId) is { } other)
        {
            return (other, false, null);
        }

        throw result.Refusal switch
        {
            RunRefusal.ThreadBusy => Busy(row.ThreadId),
            RunRefusal.AlreadyStored => ProtocolException.RunNotFound(row.RunId),
            _ => ProtocolException.ThreadNotFound(row.ThreadId),
        };
    }

    private async Task<(RunView View, bool IsNew, AcceptedUpdate? Update)> WithRunAsync(string owner, AcceptedUpdate update) =>
        (await runs.ReadAsync(owner, update.RunId) ?? throw ProtocolException.RunNotFound(update.RunId), false, update);

    private async Task<(NewRunRow Row, RunCreationResult Result)> StoreAsync(
        NewRunRow row, RunAssistant assistant, RunCreate request, CancellationToken cancellationToken)
    {
        var result = await creation.CreateAsync(row, cancellationToken);
        if (result.Refusal == RunRefusal.ThreadMissing && request.IfNotExists == "create")
        {
            await threads.CreateAnewAsync(NewThread(row), cancellationToken);
            result = await creation.CreateAsync(row, cancellationToken);
        }

        if (result.Refusal == RunRefusal.AssistantEdited)
        {
            row = limits.Apply(With(row, await assistants.ResolveEditedAsync(row.Owner, assistant, cancellationToken)), request.Timeouts);
            result = await creation.CreateAsync(row, cancellationToken);
        }

        signals.Announce(result.Effects);
        if (result.Created is { State: RunState.Ready })
        {
            queue.Signal([row.RunId]);
        }

        return (row, result);
    }

    private static NewRunRow With(NewRunRow row, RunAssistant assistant) => row with
    {
        Agent = assistant.Agent,
        AssistantId = assistant.AssistantId,
        AssumesUnedited = assistant.AssumesUnedited,
        Assistant = assistant.Settings,
        AssistantMetadata = assistant.Metadata,
    };

    /// <summary>Finds out now what would fail when the run starts: an unknown role is the caller's mistake, not the run's.</summary>
    /// <exception cref="ProtocolException">A message has an unknown shape, or text that is no Unicode.</exception>
    public static void CheckInput(RunCreate request)
    {
        try
        {
            if (request.Input is { ValueKind: JsonValueKind.Object } input && input.TryGetProperty("messages", out var messages))
            {
                MessageNormalizer.NormalizeAll(messages, "input.messages");
            }

            if (request.Command is { ValueKind: JsonValueKind.Object } command && command.TryGetProperty("update", out var update)
                && update.ValueKind == JsonValueKind.Object && update.TryGetProperty("messages", out var updated))
            {
                MessageNormalizer.NormalizeAll(updated, "command.update.messages");
            }

            if (request.Messages is { } more)
            {
                MessageNormalizer.NormalizeAll(more, "messages");
            }
        }
        catch (StateUpdateException exception)
        {
            throw ProtocolException.InvalidField(exception.Path, exception.Problem);
        }
        catch (InvalidOperationException)
        {
            // JsonElement refuses to hand out text that holds half of a surrogate pair.
            throw ProtocolException.InvalidField("input", "has a message with a role, type or id that is not valid Unicode");
        }
    }

    /// <summary>
    /// Finds out now whether there is something to resume or to fork from, for the few runs that ask for it. While another
    /// run is in flight, what it will leave behind decides when this one starts.
    /// </summary>
    private async Task CheckStartAsync(string owner, NewRun run, CancellationToken cancellationToken)
    {
        if (run.Request is { Command: null, Checkpoint: null, CheckpointId: null } && !NamesCheckpoint(run.Request.Config))
        {
            return;
        }

        var request = RunRequest.Parse(run.Body.Text);
        var resumes = request.Resume.ValueKind != JsonValueKind.Undefined;
        if (request.CheckpointId is null && !resumes)
        {
            return;
        }

        var thread = run.ThreadId is { } threadId ? await reader.ReadAsync(owner, threadId, cancellationToken) : null;
        if (thread is null && run.ThreadId is { } missing && run.Request.IfNotExists != "create")
        {
            throw ProtocolException.ThreadNotFound(missing);
        }

        if (request.CheckpointId is { } checkpoint
            && (thread is null || !await reader.HasCheckpointAsync(thread.Row.ThreadId, checkpoint, cancellationToken)))
        {
            throw new ProtocolException(ErrorCode.NotFound, $"Checkpoint {checkpoint} not found");
        }

        if (resumes && request.CheckpointId is null && thread is not { Head.ActiveRun: not null } and not { Pause: not null })
        {
            throw new ProtocolException(ErrorCode.BadRequest, "command.resume: the thread does not wait for an answer");
        }
    }

    private static bool NamesCheckpoint(JsonElement? config) =>
        config is { ValueKind: JsonValueKind.Object } given && given.TryGetProperty("configurable", out var configurable)
        && configurable.ValueKind == JsonValueKind.Object && configurable.TryGetProperty("checkpoint_id", out _);

    private static bool CancelsOnDisconnect(RunCreate request) =>
        request.OnDisconnect is { } wish ? wish == "cancel" : request.StreamResumable != true;

    /// <summary>
    /// Whether nothing is asked for that only a run of its own could give. Configuration, context and metadata are not
    /// counted: the run in flight keeps those that it has.
    /// </summary>
    private static bool BringsOnlyMessages(RunCreate request) =>
        request is { Command: null or { ValueKind: JsonValueKind.Null }, Checkpoint: null or { ValueKind: JsonValueKind.Null }, Webhook: null, AfterSeconds: null or 0, Timeouts: null }
        && request is { CheckpointId: null or { ValueKind: JsonValueKind.Null }, InterruptBefore: null or { ValueKind: JsonValueKind.Null }, InterruptAfter: null or { ValueKind: JsonValueKind.Null } }
        && !NamesCheckpoint(request.Config) && !OnCompletionIs(request, "delete") && RunUpdates.HasMessage(request.Input, request.Messages);

    private static void CheckWish(NewRun run)
    {
        if (run is { ThreadId: null, Request.OnCompletion.ValueKind: not JsonValueKind.Null } && !OnCompletionIs(run.Request, "delete") && !OnCompletionIs(run.Request, "keep"))
        {
            throw ProtocolException.InvalidField("on_completion", "must be one of delete, keep");
        }
    }

    /// <summary>Words that another server would know are no mistake where the thread exists already (wire-contract 4.1).</summary>
    private static bool OnCompletionIs(RunCreate request, string wish) =>
        request.OnCompletion?.TextOrNull() == wish;

    /// <summary>A thread that a run brings about: it is found by what the run is found by.</summary>
    private static NewThreadRow NewThread(NewRunRow run) => new()
    {
        ThreadId = run.ThreadId,
        Owner = run.Owner,
        Metadata = run.Metadata,
        Filter = run.Filter,
    };

    private static NewRunRow ToRow(string owner, NewRun run, RunAssistant assistant, Guid? streamNode) => new()
    {
        RunId = Guid.CreateVersion7(),
        ThreadId = run.ThreadId ?? Guid.CreateVersion7(),
        Owner = owner,
        Agent = assistant.Agent,
        AssistantId = assistant.AssistantId,
        AssumesUnedited = assistant.AssumesUnedited,
        Assistant = assistant.Settings,
        AssistantMetadata = assistant.Metadata,
        Request = run.Body.Text,
        Metadata = run.Request.Metadata is { ValueKind: JsonValueKind.Object } metadata ? metadata.GetRawText() : "{}",
        Filter = JsonFilter.Copy(run.Request.Metadata, "metadata"),
        Config = run.Request.Config is { ValueKind: JsonValueKind.Object } config && config.EnumerateObject().MoveNext() ? config.GetRawText() : null,
        Strategy = run.ThreadId is null ? MultitaskStrategy.Enqueue : run.Request.MultitaskStrategy ?? MultitaskStrategy.Enqueue,
        BringsOnlyMessages = BringsOnlyMessages(run.Request),
        Stateless = run.ThreadId is null && !OnCompletionIs(run.Request, "keep"),
        DeletesThread = run.ThreadId is not null && OnCompletionIs(run.Request, "delete"),
        Delay = Seconds.ToSpan(run.Request.AfterSeconds ?? 0),
        StreamNode = streamNode,
    };

    private static RunView ToView(NewRunRow row, CreatedRunRow created) => new(
        new RunRow
        {
            RunId = row.RunId,
            ThreadId = row.ThreadId,
            Owner = row.Owner,
            RunNo = created.RunNo,
            Agent = row.Agent,
            AssistantId = row.AssistantId,
            Assistant = row.Assistant,
            ThreadConfig = created.ThreadConfig,
            Request = row.Request,
            Metadata = created.Metadata,
            Strategy = row.Strategy.ToString().ToLowerInvariant(),
            Stateless = row.Stateless,
            Status = "active",
            CreatedAt = created.CreatedAt,
        },
        // A client that has just created a run expects it pending (wire-contract 4.2), whoever has claimed it already.
        RunState.Ready);
}
