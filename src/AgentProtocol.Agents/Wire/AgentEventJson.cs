using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Wire;

/// <summary>
/// Reads what an agent outside of this process says: one JSON object for each event, with its name in <c>type</c>. One
/// instance serves one attempt of a run.
/// </summary>
/// <param name="node">The step of events that name none.</param>
/// <param name="time">The clock that ids are made with.</param>
/// <param name="logger">The run's log.</param>
/// <param name="secrets">What the agent must not say.</param>
internal sealed partial class AgentEventJson(string node, TimeProvider time, ILogger logger, Secrets secrets)
{
    // Of two members with one name readers would take different ones.
    private static readonly JsonDocumentOptions Options = AgentJson.DocumentOptions with { AllowDuplicateProperties = false };

    private readonly OpenMessages open = new(time);
    private readonly HashSet<string> strangers = [];

    /// <summary>What the agent must not say.</summary>
    public Secrets Secrets => secrets;

    /// <summary>Whether the agent has said <c>done</c>; nothing that it says later counts.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Whether the last that the agent has said is that it waits for the messages which have come meanwhile.</summary>
    public bool IsReady { get; private set; }

    /// <inheritdoc cref="Parse(ReadOnlySpan{byte})"/>
    public JsonElement Parse(string line) => Parse(Encoding.UTF8.GetBytes(line));

    /// <summary>Reads one line, which has to be an object.</summary>
    /// <exception cref="AgentException">It is none.</exception>
    public JsonElement Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            if (Utf8.IsValid(line) && JsonElement.Parse(line, Options) is { ValueKind: JsonValueKind.Object } said)
            {
                return secrets.Conceal(said);
            }
        }
        catch (JsonException)
        {
            // Told below, like any other line that is no object.
        }

        throw new AgentException($"The agent said something that is no JSON object: {PrintableText.BeginningOf(secrets.Conceal(Encoding.UTF8.GetString(line)))}");
    }

    /// <summary>Whether this is the name of something that agents say.</summary>
    public static bool IsKnown(string type) => type is "delta" or "update" or "message" or "step" or "progress" or "artifact" or "custom" or "usage"
        or "tool_start" or "tool_output" or "tool_end" or "tool_error" or "interrupt" or "ready" or "log" or "error" or "done";

    /// <summary>The events that an object stands for.</summary>
    /// <param name="said">The object.</param>
    /// <param name="name">What it is, where that is said beside it and not in its <c>type</c>.</param>
    /// <exception cref="AgentException">The agent said that it failed, or something that makes no sense.</exception>
    public IReadOnlyList<AgentEvent> Read(JsonElement said, string? name = null)
    {
        var type = name ?? MessageText.Property(said, "type") ?? throw new AgentException($"The agent said an object without \"type\": {PrintableText.BeginningOf(said.GetRawText())}");
        if (IsDone)
        {
            return [];
        }

        IsReady = type == "ready";
        var members = new EventMembers(type, said);
        switch (type)
        {
            case "done":
                IsDone = true;
                return Finish();
            case "ready":
                return [];
            case "log":
                var (level, text) = (ToLevel(members.Text("level")), PrintableText.Of(members.Required("message")));
                Log(logger, level, text);
                return [];
            case "error":
                throw new AgentException(PrintableText.Of(members.Required("message")), members.Flag("retryable"));
            case "interrupt":
                return [.. Finish(), new AgentEvent.Interrupt(members.Value("value"), members.Text("id"))];
            default:
                return ToEvent(type, members) is { } happened ? [happened] : Unknown(type);
        }
    }

    /// <summary>What is left to say when the agent has nothing more to say: messages that it streamed and never brought whole.</summary>
    public IReadOnlyList<AgentEvent> Finish() => open.TakeAll() is { } update ? [new AgentEvent.StateUpdate(node, secrets.Conceal(update))] : [];

    private AgentEvent? ToEvent(string type, EventMembers members) => type switch
    {
        "delta" => Delta(members),
        "update" => new AgentEvent.StateUpdate(NodeOf(members), open.Close(members.Object("values"))),
        "message" => new AgentEvent.StateUpdate(NodeOf(members), open.Close(Message(members))),
        "step" => new AgentEvent.StepStarted(NodeOf(members)),
        "progress" => new AgentEvent.Progress(members.Number("percent"), members.Text("phase"), members.Text("note")),
        "artifact" => new AgentEvent.Artifact(members.Required("name"), members.Value("content")),
        "tool_start" => new AgentEvent.ToolStarted(members.Required("id"), members.Required("name"), members.Optional("input")),
        "tool_output" => new AgentEvent.ToolOutput(members.Required("id"), members.Value("delta")),
        "tool_end" => new AgentEvent.ToolFinished(members.Required("id"), members.Value("output")),
        "tool_error" => new AgentEvent.ToolFailed(members.Required("id"), members.Required("message")),
        "custom" => new AgentEvent.Custom(members.Value("data")),
        "usage" => new AgentEvent.Usage(members.Count("input_tokens"), members.Count("output_tokens")),
        _ => null,
    };

    private AgentEvent.MessageDelta Delta(EventMembers members)
    {
        var text = members.Required("text");
        return new AgentEvent.MessageDelta(NodeOf(members), open.Add(members.Text("message_id"), text), text);
    }

    private static JsonElement Message(EventMembers members)
    {
        members.Value("content");
        return MessageJson.Update(members.Whole, "message");
    }

    private string NodeOf(EventMembers members) => members.Text("node") ?? node;

    /// <summary>A newer kind of agent must not fail for what an older server does not know, but somebody should learn of it once.</summary>
    private IReadOnlyList<AgentEvent> Unknown(string type)
    {
        if (strangers.Add(type))
        {
            UnknownType(logger, PrintableText.BeginningOf(type));
        }

        return [];
    }

    private static LogLevel ToLevel(string? level) => level?.ToUpperInvariant() switch
    {
        "TRACE" => LogLevel.Trace,
        "DEBUG" => LogLevel.Debug,
        "WARN" or "WARNING" => LogLevel.Warning,
        "ERROR" or "CRITICAL" or "FATAL" => LogLevel.Error,
        _ => LogLevel.Information,
    };

    [LoggerMessage("The agent says: {Text}")]
    private static partial void Log(ILogger logger, LogLevel level, string text);

    [LoggerMessage(LogLevel.Warning, "The agent said something of the unknown type \"{Type}\"; this and all more of the type are passed over")]
    private static partial void UnknownType(ILogger logger, string type);
}
