using System.Text.Json;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Lifecycle;

namespace AgentProtocol.Engine.State;

/// <summary>The parts of a stored request that decide what a run does.</summary>
internal sealed class RunRequest
{
    private readonly JsonElement body;

    private RunRequest(JsonElement body, JsonElement assistant, JsonElement threadConfig)
    {
        this.body = body;
        Config = RunSettings.Config(Member(assistant, "config"), threadConfig, Member("config"));
        OwnContext = RunSettings.Context(Member(assistant, "context"), Member("context"));
    }

    /// <summary>The run's input; undefined when there is none.</summary>
    public JsonElement Input => Member("input");

    /// <summary>The configuration, over those of the thread and the assistant; undefined when there is none.</summary>
    public JsonElement Config { get; }

    /// <summary>The context over that of the assistant; undefined when there is none.</summary>
    public JsonElement OwnContext { get; }

    /// <summary>The context, else <c>config.configurable</c> (wire-contract 5.10).</summary>
    public JsonElement Context =>
        RunSettings.IsFilled(OwnContext) || RunSettings.Configurable(Config).ValueKind == JsonValueKind.Undefined
            ? OwnContext
            : RunSettings.Configurable(Config);

    public StreamModes StreamModes => StreamModeNames.Parse(Member("stream_mode"));

    /// <summary>The address to call when the run has ended; null when there is none.</summary>
    public string? Webhook =>
        Member("webhook") is { ValueKind: JsonValueKind.String } url && url.GetString()! is var text && WebhookUrl.Problem(text) is null ? text : null;

    /// <summary>The checkpoint to start from; null for the thread's head (wire-contract 5.11).</summary>
    public Guid? CheckpointId =>
        Id(Member("checkpoint"), "checkpoint_id") ?? AsId(Member("checkpoint_id"))
        ?? Id(RunSettings.Configurable(Member("config")), "checkpoint_id");

    /// <summary>The answer to what an earlier run asked; undefined when this run does not resume one.</summary>
    public JsonElement Resume => Member("command") is { ValueKind: JsonValueKind.Object } command && command.TryGetProperty("resume", out var resume)
        && resume.ValueKind != JsonValueKind.Null ? resume : default;

    /// <summary>How long it was not to start.</summary>
    public TimeSpan Delay => Number(Member("after_seconds")) is { } seconds ? Seconds.ToSpan(seconds) : TimeSpan.Zero;

    /// <summary>How long its agent may say nothing; null for as long as the agent and the server allow.</summary>
    public TimeSpan? IdleTimeout => Number(Member(Member("timeouts"), "idle")) is { } seconds ? Seconds.ToSpan(seconds) : null;

    /// <summary>Whether the run brings nothing new and goes on where the thread stands (wire-contract 5.8).</summary>
    public bool IsContinuation => Resume.ValueKind != JsonValueKind.Undefined
        || (Input.ValueKind == JsonValueKind.Undefined && Member("messages").ValueKind == JsonValueKind.Undefined);

    /// <summary>Whether the next step waits for the commit of the one before (<c>durability: sync</c>).</summary>
    public bool CommitsEachStep => Member("durability").TextOrNull() == "sync";

    /// <summary>Whether the caller wants the run to stop before a step.</summary>
    public bool StopsBefore(string node) => Names(Member("interrupt_before"), node);

    /// <summary>Whether the caller wants the run to stop after a step.</summary>
    public bool StopsAfter(string node) => Names(Member("interrupt_after"), node);

    /// <summary>Reads a body for its input alone.</summary>
    public static RunRequest Parse(string json) => Parse(json, assistant: null, threadConfig: null);

    /// <param name="json">The body as it was sent.</param>
    /// <param name="assistant">What <see cref="RunSettings.OfAssistant"/> made of the assistant.</param>
    /// <param name="threadConfig">The configuration that the thread had.</param>
    public static RunRequest Parse(string json, string? assistant, string? threadConfig) =>
        Of(JsonDocument.Parse(json, JsonText.DocumentOptions).RootElement, assistant, threadConfig);

    /// <summary>The same for a body that was parsed already, for as long as its document lives.</summary>
    public static RunRequest Of(JsonElement body, string? assistant, string? threadConfig) =>
        new(body, ParseLayer(assistant), ParseLayer(threadConfig));

    /// <summary>
    /// Merges the messages of the input and of the body into a state. Other keys of the input are the agent's to read
    /// and are not part of the state (wire-contract 2.3, row 5).
    /// </summary>
    public StateValues MergeInput(StateValues state, StateDelta delta)
    {
        if (Input.ValueKind == JsonValueKind.Object && Input.TryGetProperty("messages", out var messages))
        {
            state = StateReducer.ApplyMessages(state, messages, "input.messages", delta);
        }

        state = StateReducer.ApplyMessages(state, Member("messages"), "messages", delta);
        return CommandUpdate() is { } update ? StateReducer.Apply(state, update, delta) : state;
    }

    /// <summary>
    /// The same for a run that will never execute. Where its input cannot be merged, because it asks to remove a message
    /// that is not there any more, nothing of it is: its run would have failed for the same reason.
    /// </summary>
    public StateValues MergeInputIfPossible(StateValues state, StateDelta delta)
    {
        try
        {
            // Tried first without a trace: a delta must not hold half of an input.
            MergeInput(state, new StateDelta());
            return MergeInput(state, delta);
        }
        catch (StateUpdateException)
        {
            return state;
        }
    }

    /// <summary>An object, or a list of pairs (wire-contract 5.9).</summary>
    private JsonElement? CommandUpdate()
    {
        if (Member("command") is not { ValueKind: JsonValueKind.Object } command || !command.TryGetProperty("update", out var update)
            || update.ValueKind is not (JsonValueKind.Object or JsonValueKind.Array))
        {
            return null;
        }

        return update.ValueKind == JsonValueKind.Object ? update : JsonText.Parse(
            $"{{{string.Join(',', update.EnumerateArray()
                .GroupBy(pair => pair[0].GetString()!, pair => pair[1].GetRawText())
                .Select(group => $"{JsonText.Quote(group.Key)}:{group.Last()}"))}}}");
    }

    private static bool Names(JsonElement wanted, string node) => wanted.ValueKind switch
    {
        JsonValueKind.String => wanted.TextOrNull() is { } name && (name == "*" || name == node),
        JsonValueKind.Array => wanted.EnumerateArray().Any(name => name.TextOrNull() == node),
        _ => false,
    };

    private static Guid? Id(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? AsId(value) : null;

    private static double? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number) ? number : null;

    private static Guid? AsId(JsonElement value) => Guid.TryParseExact(value.TextOrNull(), "D", out var id) ? id : null;

    private JsonElement Member(string name) => Member(body, name);

    private static JsonElement Member(JsonElement layer, string name) =>
        layer.ValueKind == JsonValueKind.Object && layer.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    private static JsonElement ParseLayer(string? json) =>
        json is null ? default : JsonDocument.Parse(json, JsonText.DocumentOptions).RootElement;
}
