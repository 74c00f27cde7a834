using System.Text.Json;
using AgentProtocol.AspNetCore.Binding;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using AgentProtocol.Contracts.Runs;
using AgentProtocol.Contracts.Streaming;
using AgentProtocol.Contracts.Threads;
using AgentProtocol.Engine.Runs;
using AgentProtocol.Engine.Threads;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>The commands that start a run. Each becomes the body of an ordinary run, so that there is one way to create them.</summary>
internal sealed class RunCommands(RunService runs, ThreadService threads)
{
    private static readonly JsonElement Null = JsonElement.Parse("null");

    /// <summary>Starts a run, on a thread that is created where there is none (wire-contract 13.41), or resumes an interrupted one.</summary>
    public async Task<CommandResult> StartAsync(CommandContext context)
    {
        var (given, assistantId) = (context.Params, context.Params.RequiredText("assistant_id"));
        var (input, config) = (given.Value("input"), given.Value("config"));
        var resumes = input is not null && await IsInterruptedAsync(context);
        try
        {
            var created = await CreateAsync(context, body =>
            {
                body.WriteString("assistant_id", assistantId);
                body.WriteString("if_not_exists", "create");
                body.WriteString("multitask_strategy", Strategy(given));
                WriteInput(body, input, resumes);
                body.WriteRaw("config", config);
                body.WriteRaw("metadata", given.Value("metadata"));
            });
            return CommandResult.Started(created, result => result.WriteString("run_id", created.Run.RunId));
        }
        catch (ProtocolException missing) when (missing.Code == ErrorCode.NotFound)
        {
            throw new CommandRefusal(CodeOfMissing(missing, assistantId, config), missing.Message);
        }
    }

    /// <summary>Answers interrupts that wait.</summary>
    public async Task<CommandResult> RespondAsync(CommandContext context)
    {
        var given = context.Params;
        var responses = Responses(given);
        var state = await threads.GetStateAsync(context.Owner, context.ThreadId, null, context.Cancellation);
        var pending = state.PendingInterruptIds();
        if (pending.Count == 0 || await IsBusyAsync(context))
        {
            throw CommandRefusal.InvalidArgument("No interrupt waits for an answer");
        }

        if (responses.Keys.FirstOrDefault(id => !pending.Contains(id)) is { } unknown)
        {
            throw new CommandRefusal(StreamingErrorCode.NoSuchInterrupt, $"No interrupt \"{unknown}\" waits for an answer");
        }

        return CommandResult.Started(await CreateAsync(context, body =>
        {
            body.WriteString("assistant_id", state.AssistantId());
            body.WriteStartObject("command");
            body.WriteStartObject("resume");
            foreach (var (id, response) in responses)
            {
                body.WriteRaw(id, response);
            }

            body.WriteEndObject();
            body.WriteRaw("update", given.Value("update"));
            body.WriteRaw("goto", given.Value("goto"));
            body.WriteEndObject();
            body.WriteRaw("config", given.Value("config"));
            body.WriteRaw("metadata", given.Value("metadata"));
        }));
    }

    /// <summary>Gives a message to a thread that rests. No agent takes one in while it runs.</summary>
    public async Task<CommandResult> InjectAsync(CommandContext context)
    {
        if (context.Params.Value("message") is not { ValueKind: JsonValueKind.Object } message)
        {
            throw CommandParams.Invalid("message", "must be a message");
        }

        var given = new CommandParams(message);
        if (given.RequiredText("role") is not ("user" or "system"))
        {
            throw CommandParams.Invalid("message.role", "must be user or system");
        }

        if (given.Value("content") is null)
        {
            throw CommandParams.Invalid("message.content", "is required", "missing");
        }

        var state = await threads.GetStateAsync(context.Owner, context.ThreadId, null, context.Cancellation);
        if (await IsBusyAsync(context))
        {
            throw new CommandRefusal(StreamingErrorCode.NotSupported, "A run is in flight and takes in no further messages; start a run to have it wait its turn");
        }

        var assistantId = state.AssistantId()
            ?? throw CommandRefusal.InvalidArgument("No agent has run on this thread yet; start a run instead");
        return CommandResult.Started(await CreateAsync(context, body =>
        {
            body.WriteString("assistant_id", assistantId);
            body.WriteStartObject("input");
            body.WriteStartArray("messages");
            body.WriteRawValue(message.GetRawText(), skipInputValidation: true);
            body.WriteEndArray();
            body.WriteEndObject();
        }));
    }

    /// <summary>Starts a run from a past state.</summary>
    public async Task<CommandResult> ForkAsync(CommandContext context)
    {
        var given = context.Params;
        var checkpointId = given.RequiredText("checkpoint_id");
        var state = Guid.TryParseExact(checkpointId, "D", out var id)
            ? await threads.GetStateAsync(context.Owner, context.ThreadId, id, context.Cancellation).OrNullAsync()
            : null;
        if (state is null)
        {
            throw new CommandRefusal(StreamingErrorCode.NoSuchCheckpoint, $"Checkpoint {checkpointId} not found on thread {context.ThreadId}");
        }

        var created = await CreateAsync(context, body =>
        {
            if (state.AssistantId() is { } assistantId)
            {
                body.WriteString("assistant_id", assistantId);
            }

            body.WriteString("checkpoint_id", id);
            body.WriteRaw("input", given.Value("input"));
            body.WriteRaw("config", given.Value("config"));
        });
        return CommandResult.Started(created, result =>
        {
            result.WriteString("run_id", created.Run.RunId);
            result.WriteString("thread_id", created.Run.ThreadId);
        });
    }

    private Task<CreatedRun> CreateAsync(CommandContext context, Action<Utf8JsonWriter> write)
    {
        var body = CommandResult.Write(write);
        var request = JsonSerializer.Deserialize(body.Text, ProtocolJsonContext.Default.RunCreate)!;
        RunCreateRules.Check(request);
        var (configured, text) = context.Headers.AddTo(request, body);
        return runs.CreateAsync(context.Owner, new NewRun(context.ThreadId, configured, text, RunReader.None), context.Cancellation);
    }

    private async Task<bool> IsInterruptedAsync(CommandContext context) =>
        await threads.GetAsync(context.Owner, context.ThreadId, includeTtl: false, context.Cancellation).OrNullAsync()
            is { Status: ThreadStatus.Interrupted }
        && await threads.GetStateAsync(context.Owner, context.ThreadId, null, context.Cancellation).OrNullAsync() is { } state
        && state.PendingInterruptIds().Count > 0;

    /// <summary>While a run goes on, the last state may still show interrupts that were answered to start it.</summary>
    private async Task<bool> IsBusyAsync(CommandContext context) =>
        (await threads.GetAsync(context.Owner, context.ThreadId, includeTtl: false, context.Cancellation)).Status == ThreadStatus.Busy;

    private static void WriteInput(Utf8JsonWriter body, JsonElement? input, bool resumes)
    {
        if (!resumes)
        {
            body.WriteRaw("input", input);
            return;
        }

        body.WriteStartObject("command");
        body.WriteRaw("resume", input);
        body.WriteEndObject();
    }

    /// <summary>The reference server takes what it does not know for the default (wire-contract 5.4).</summary>
    private static string Strategy(CommandParams given) =>
        given.Text("multitask_strategy") is { } text && WireEnum.TryParse<MultitaskStrategy>(text, out _) ? text : "enqueue";

    private static StreamingErrorCode CodeOfMissing(ProtocolException missing, string assistantId, JsonElement? config) =>
        missing.Message == ProtocolException.AssistantNotFound(assistantId).Message ? StreamingErrorCode.InvalidArgument
        : config is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty("configurable", out var configurable)
            && configurable.ValueKind == JsonValueKind.Object && configurable.TryGetProperty("checkpoint_id", out _) ? StreamingErrorCode.NoSuchCheckpoint
        : StreamingErrorCode.NoSuchRun;

    /// <summary>The answers by interrupt; one is written without a list.</summary>
    private static Dictionary<string, JsonElement> Responses(CommandParams given)
    {
        Dictionary<string, JsonElement> responses = [];
        if (given.Value("responses") is not { } list)
        {
            Add(given, "");
            return responses;
        }

        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() is 0 or > Limits.MaxLimit)
        {
            throw CommandParams.Invalid("responses", $"must be a list of 1 to {Limits.MaxLimit} responses");
        }

        foreach (var (index, item) in list.EnumerateArray().Index())
        {
            Add(new CommandParams(item), $"responses.{index}.");
        }

        return responses;

        void Add(CommandParams one, string place)
        {
            var id = one.Text("interrupt_id") ?? throw CommandParams.Invalid($"{place}interrupt_id", "is required", "missing");
            if (!responses.TryAdd(id, one.Value("response") ?? Null))
            {
                throw CommandParams.Invalid($"{place}interrupt_id", $"\"{id}\" is answered twice");
            }
        }
    }
}
