using System.Text.Json;
using AgentProtocol.Agents.Wire;
using AgentProtocol.Contracts.Json;

namespace AgentProtocol.Agents.Remote;

/// <summary>Writes the request that creates a run on another server, with what every such server understands (wire-contract 4.1).</summary>
/// <param name="context">Our run.</param>
/// <param name="assistant">The agent there.</param>
/// <param name="hasProgress">Whether the server knows the stream mode <c>progress</c>.</param>
internal sealed class RemoteRequest(AgentContext context, string assistant, bool hasProgress)
{
    /// <summary>What the server itself says about a run; there, another one does.</summary>
    private static readonly string[] ServerKeys =
        ["run_id", "thread_id", "graph_id", "assistant_id", "user_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map"];

    private static readonly string[] Modes = ["values", "updates", "messages-tuple", "custom"];

    /// <summary>
    /// The run's first request. An unfinished run on the thread is a leftover, for we have one run of a thread at a time; its
    /// place is taken.
    /// </summary>
    /// <param name="messages">What the thread there lacks.</param>
    public byte[] Begin(IReadOnlyList<JsonElement> messages) => Write("interrupt", writer =>
    {
        if (context.Interrupts.Any(interrupt => interrupt.Answer.ValueKind != JsonValueKind.Undefined))
        {
            WriteAnswers(writer, messages);
        }
        else
        {
            WriteInput(writer, messages, context.Input);
        }
    });

    /// <summary>A request that tells more to a run, or takes its place.</summary>
    /// <param name="messages">What is told.</param>
    /// <param name="strategy">What becomes of the run.</param>
    public byte[] Steer(IReadOnlyList<JsonElement> messages, string strategy) => Write(strategy, writer => WriteInput(writer, messages, default));

    private byte[] Write(string strategy, Action<Utf8JsonWriter> input) => AgentJson.WriteBytes(1024, (strategy, input), (writer, value) =>
    {
        writer.WriteStartObject();
        writer.WriteString("assistant_id"u8, assistant);
        value.input(writer);
        WriteSettings(writer);
        writer.WriteStartObject("metadata"u8);
        writer.WriteString(RemoteRun.Mark, context.RunId);
        writer.WriteString("agentprotocol_thread_id"u8, context.ThreadId);
        writer.WriteEndObject();
        writer.WriteStartArray("stream_mode"u8);
        foreach (var mode in Modes)
        {
            writer.WriteStringValue(mode);
        }

        if (hasProgress)
        {
            writer.WriteStringValue("progress"u8);
        }

        writer.WriteEndArray();
        writer.WriteBoolean("stream_resumable"u8, true);
        writer.WriteString("on_disconnect"u8, "continue"u8);
        writer.WriteString("if_not_exists"u8, "create"u8);
        writer.WriteString("multitask_strategy"u8, value.strategy);
        writer.WriteEndObject();
    });

    /// <summary>One answer goes as it is, which every server understands; several go by the ids of their questions.</summary>
    private void WriteAnswers(Utf8JsonWriter writer, IReadOnlyList<JsonElement> messages)
    {
        writer.WriteStartObject("command"u8);
        writer.WritePropertyName("resume"u8);
        if (context.Interrupts is [var only])
        {
            writer.WriteRawValue(only.Answer.GetRawText(), skipInputValidation: true);
        }
        else
        {
            writer.WriteStartObject();
            foreach (var interrupt in context.Interrupts.Where(interrupt => interrupt.Answer.ValueKind != JsonValueKind.Undefined))
            {
                writer.WritePropertyName(interrupt.Id);
                writer.WriteRawValue(interrupt.Answer.GetRawText(), skipInputValidation: true);
            }

            writer.WriteEndObject();
        }

        if (messages.Count > 0)
        {
            writer.WriteStartObject("update"u8);
            WriteMessages(writer, messages);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }

    /// <summary>The messages, with the other members of our input. Nothing at all means to go on where the thread stands.</summary>
    private static void WriteInput(Utf8JsonWriter writer, IReadOnlyList<JsonElement> messages, JsonElement input)
    {
        var hasMembers = input.ValueKind == JsonValueKind.Object && input.EnumerateObject().Any(member => !member.NameEquals("messages"));
        if (messages.Count == 0 && !hasMembers)
        {
            writer.WriteNull("input"u8);
            return;
        }

        writer.WriteStartObject("input"u8);
        WriteMessages(writer, messages);
        if (hasMembers)
        {
            MessageJson.WriteMembers(writer, input, "messages");
        }

        writer.WriteEndObject();
    }

    private static void WriteMessages(Utf8JsonWriter writer, IReadOnlyList<JsonElement> messages)
    {
        writer.WriteStartArray("messages"u8);
        foreach (var message in messages)
        {
            writer.WriteRawValue(message.GetRawText(), skipInputValidation: true);
        }

        writer.WriteEndArray();
    }

    /// <summary>
    /// What our callers configured. LangGraph's servers take a context or a configurable, not both; the context is what
    /// follows from the configurable when nobody has given another.
    /// </summary>
    private void WriteSettings(Utf8JsonWriter writer)
    {
        var configurable = Own(RemoteState.Member(context.Config, "configurable"));
        var own = Own(context.Context);
        var hasContext = own.EnumerateObject().Any() && !own.IsSameAs(configurable);
        writer.WriteStartObject("config"u8);
        if (context.Config.ValueKind == JsonValueKind.Object)
        {
            MessageJson.WriteMembers(writer, context.Config, "configurable");
        }

        if (!hasContext && configurable.EnumerateObject().Any())
        {
            writer.WritePropertyName("configurable"u8);
            configurable.WriteTo(writer);
        }

        writer.WriteEndObject();
        if (hasContext)
        {
            writer.WritePropertyName("context"u8);
            writer.WriteRawValue(own.GetRawText(), skipInputValidation: true);
        }
    }

    private static JsonElement Own(JsonElement settings) => settings.ValueKind != JsonValueKind.Object ? AgentJson.EmptyObject
        : AgentJson.Write(256, settings, static (writer, settings) =>
        {
            writer.WriteStartObject();
            MessageJson.WriteMembers(writer, settings, [.. ServerKeys, .. Private(settings)]);
            writer.WriteEndObject();
        });

    private static IEnumerable<string> Private(JsonElement settings) =>
        settings.EnumerateObject().Select(member => member.Name).Where(name => name.StartsWith("__", StringComparison.Ordinal));
}
