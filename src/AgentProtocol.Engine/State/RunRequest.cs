using System.Text.Json;

namespace AgentProtocol.Engine.State;

/// <summary>The parts of a stored request that decide what a run does.</summary>
internal sealed class RunRequest
{
    private readonly JsonElement body;

    private RunRequest(JsonElement body) => this.body = body;

    /// <summary>The run's input; undefined when there is none.</summary>
    public JsonElement Input => Member("input");

    public JsonElement Config => Member("config");

    /// <summary>The context, else <c>config.configurable</c> (wire-contract 5.10).</summary>
    public JsonElement Context
    {
        get
        {
            var context = Member("context");
            return context.ValueKind == JsonValueKind.Object && context.EnumerateObject().MoveNext()
                || Config.ValueKind != JsonValueKind.Object || !Config.TryGetProperty("configurable", out var configurable)
                ? context
                : configurable;
        }
    }

    public StreamModes StreamModes => StreamModeNames.Parse(Member("stream_mode"));

    /// <summary>The address to call when the run has ended; null when there is none.</summary>
    public string? Webhook =>
        Member("webhook") is { ValueKind: JsonValueKind.String } url && url.GetString()! is var text && WebhookUrl.Problem(text) is null ? text : null;

    public static RunRequest Parse(string json) => new(JsonDocument.Parse(json, JsonText.DocumentOptions).RootElement);

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

    private JsonElement Member(string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : default;
}
