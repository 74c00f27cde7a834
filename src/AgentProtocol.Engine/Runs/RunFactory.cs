using System.Text.Json;
using AgentProtocol.Contracts.Errors;
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
    EventReader events)
{
    public async Task<CreatedRun> CreateAsync(string owner, NewRun run, CancellationToken cancellationToken)
    {
        var assistant = await CheckAsync(owner, run, cancellationToken);
        var cancelOnDisconnect = run.Reader != RunReader.None && CancelsOnDisconnect(run.Request);
        var row = ToRow(owner, run, assistant, cancelOnDisconnect ? slots.NodeId : null);
        if (run.ThreadId is null)
        {
            await threads.CreateAsync(row.Stateless ? new NewThreadRow { ThreadId = row.ThreadId, Owner = owner, Temporary = true } : NewThread(row));
        }

        // From before the run exists, so that nothing it says is missed.
        var subscription = run.Reader == RunReader.Stream ? feed.Subscribe(row.RunId, wantsPages: true) : null;
        try
        {
            var (stored, created) = await StoreAsync(row, assistant, run.Request, cancellationToken);
            var stream = subscription is null ? null
                : new RunEventStream(subscription, events, row.RunId, row.ThreadId, row.Stateless, from: 0, isKnownToBeNew: true, modes: null);
            return new CreatedRun(ToView(stored, created).ToWire(), row.Stateless, cancelOnDisconnect, stream, ThreadSeq.FirstOf(created.RunNo) - 1);
        }
        catch
        {
            subscription?.Dispose();
            throw;
        }
    }

    public static ProtocolException Busy(Guid threadId) =>
        ProtocolException.Conflict($"Thread {threadId} is busy with another run, and multitask_strategy is reject");

    /// <summary>Refuses what can be refused before anything is stored; gives the assistant that the run is for.</summary>
    public async Task<RunAssistant> CheckAsync(string owner, NewRun run, CancellationToken cancellationToken)
    {
        CheckInput(run.Request);
        if (run is { ThreadId: null, Request.OnCompletion: { ValueKind: not JsonValueKind.Null } } && !OnCompletionIs(run.Request, "delete") && !OnCompletionIs(run.Request, "keep"))
        {
            throw ProtocolException.InvalidField("on_completion", "must be one of delete, keep");
        }

        await CheckStartAsync(owner, run, cancellationToken);
        return await assistants.ResolveAsync(owner, run.Request.AssistantId ?? run.Request.AgentId, cancellationToken);
    }

    private async Task<(NewRunRow Row, CreatedRunRow Created)> StoreAsync(
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
            row = With(row, await assistants.ResolveEditedAsync(row.Owner, assistant, cancellationToken));
            result = await creation.CreateAsync(row, cancellationToken);
        }

        signals.Announce(result.Effects);
        if (result.Created is not { } created)
        {
            throw result.Refusal == RunRefusal.ThreadBusy
                ? Busy(row.ThreadId)
                : ProtocolException.ThreadNotFound(row.ThreadId);
        }

        if (created.State == RunState.Ready)
        {
            queue.Signal([row.RunId]);
        }

        return (row, created);
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
    private static void CheckInput(RunCreate request)
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

    /// <summary>Words that another server would know are no mistake where the thread exists already (wire-contract 4.1).</summary>
    private static bool OnCompletionIs(RunCreate request, string wish) =>
        request.OnCompletion is { ValueKind: JsonValueKind.String } value && value.ValueEquals(wish);

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
        Stateless = run.ThreadId is null && !OnCompletionIs(run.Request, "keep"),
        DeletesThread = run.ThreadId is not null && OnCompletionIs(run.Request, "delete"),
        Delay = TimeSpan.FromSeconds(Math.Min(run.Request.AfterSeconds ?? 0, TimeSpan.FromDays(3650).TotalSeconds)),
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
