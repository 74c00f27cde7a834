using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AgentProtocol.Agents.Processes;

/// <summary>The lines that a program is sent.</summary>
internal static class ChildRequests
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    public static ReadOnlyMemory<byte> Cancel { get; } = """{"type":"cancel","reason":"stopped"}"""u8.ToArray().Append((byte)'\n').ToArray();

    public static ReadOnlyMemory<byte> Drain { get; } = """{"type":"drain"}"""u8.ToArray().Append((byte)'\n').ToArray();

    /// <summary>All that the program is told about its run.</summary>
    public static ReadOnlyMemory<byte> Run(AgentContext context) => Line(context, static (writer, run) =>
    {
        writer.WriteString("type"u8, "run"u8);
        writer.WriteString("run_id"u8, run.RunId);
        writer.WriteString("thread_id"u8, run.ThreadId);
        writer.WriteString("agent_id"u8, run.AgentId);
        writer.WriteNumber("attempt"u8, run.Attempt);
        writer.WriteNumber("completed_steps"u8, run.CompletedSteps);
        Write(writer, "input", run.Input);
        WriteMessages(writer, run.State.Messages);
        writer.WriteStartObject("values"u8);
        foreach (var (name, value) in run.State.Values)
        {
            Write(writer, name, value);
        }

        writer.WriteEndObject();
        Write(writer, "config", run.Config);
        Write(writer, "context", run.Context);
        WriteResume(writer, run);
    });

    /// <summary>The answer to <c>ready</c>.</summary>
    public static ReadOnlyMemory<byte> Messages(IReadOnlyList<JsonElement> messages) => Line(messages, static (writer, value) =>
    {
        writer.WriteString("type"u8, "messages"u8);
        WriteMessages(writer, value);
    });

    private static void WriteResume(Utf8JsonWriter writer, AgentContext run)
    {
        writer.WriteString("resume_node"u8, run.ResumeNode);
        writer.WriteStartArray("interrupts"u8);
        foreach (var interrupt in run.Interrupts)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, interrupt.Id);
            Write(writer, "value", interrupt.Value);
            if (interrupt.Answer.ValueKind != JsonValueKind.Undefined)
            {
                Write(writer, "answer", interrupt.Answer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteMessages(Utf8JsonWriter writer, IReadOnlyList<JsonElement> messages)
    {
        writer.WriteStartArray("messages"u8);
        foreach (var message in messages)
        {
            Write(writer, message);
        }

        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        Write(writer, value);
    }

    /// <summary>As it came: numbers, order and escapes are the caller's.</summary>
    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
        }
    }

    private static ReadOnlyMemory<byte> Line<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            write(writer, value);
            writer.WriteEndObject();
        }

        var line = buffer.WrittenSpan.ToArray();

        // A caller may have sent JSON of many lines. Inside of a text an end of line is escaped, so these are mere blanks.
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        line.AsSpan().Replace((byte)'\r', (byte)' ');
        return line.Append((byte)'\n').ToArray();
    }
}
