using System.Text.Json;

namespace AgentProtocol.Agents.Wire;

/// <summary>Tells an agent outside of this process what its run is.</summary>
internal static class RunJson
{
    /// <summary>The run as an object.</summary>
    public static byte[] Write(AgentContext context) => AgentJson.WriteBytes(1024, context, static (writer, run) =>
    {
        writer.WriteStartObject();
        WriteMembers(writer, run);
        writer.WriteEndObject();
    });

    /// <summary>All that an agent in this process would know, under the names that the wire has for it.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, AgentContext run)
    {
        writer.WriteString("run_id"u8, run.RunId);
        writer.WriteString("thread_id"u8, run.ThreadId);
        writer.WriteString("agent_id"u8, run.AgentId);
        writer.WriteNumber("attempt"u8, run.Attempt);
        writer.WriteNumber("completed_steps"u8, run.CompletedSteps);
        WriteValue(writer, "input", run.Input);
        WriteMessages(writer, run.State.Messages);
        writer.WriteStartObject("values"u8);
        foreach (var (key, value) in run.State.Values)
        {
            WriteValue(writer, key, value);
        }

        writer.WriteEndObject();
        WriteValue(writer, "config", run.Config);
        WriteValue(writer, "context", run.Context);
        writer.WriteString("resume_node"u8, run.ResumeNode);
        WriteInterrupts(writer, run.Interrupts);
    }

    /// <summary>Messages as they came: numbers, order and escapes are the caller's.</summary>
    public static void WriteMessages(Utf8JsonWriter writer, IReadOnlyList<JsonElement> messages)
    {
        writer.WriteStartArray("messages"u8);
        foreach (var message in messages)
        {
            writer.WriteRawValue(message.GetRawText(), skipInputValidation: true);
        }

        writer.WriteEndArray();
    }

    /// <summary>The questions that the agent asked before, each with its answer once there is one.</summary>
    private static void WriteInterrupts(Utf8JsonWriter writer, IReadOnlyList<AgentInterrupt> interrupts)
    {
        writer.WriteStartArray("interrupts"u8);
        foreach (var interrupt in interrupts)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, interrupt.Id);
            WriteValue(writer, "value", interrupt.Value);
            if (interrupt.Answer.ValueKind != JsonValueKind.Undefined)
            {
                WriteValue(writer, "answer", interrupt.Answer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteValue(Utf8JsonWriter writer, string name, JsonElement value)
    {
        writer.WritePropertyName(name);
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            writer.WriteNullValue();
        }
        else
        {
            writer.WriteRawValue(value.GetRawText(), skipInputValidation: true);
        }
    }
}
