using System.Text.Json;

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

        return StateReducer.ApplyMessages(state, Member("messages"), "messages", delta);
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

    private JsonElement Member(string name) => Member(body, name);

    private static JsonElement Member(JsonElement layer, string name) =>
        layer.ValueKind == JsonValueKind.Object && layer.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;

    private static JsonElement ParseLayer(string? json) =>
        json is null ? default : JsonDocument.Parse(json, JsonText.DocumentOptions).RootElement;
}
