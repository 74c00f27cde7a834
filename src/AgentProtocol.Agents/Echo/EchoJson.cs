using System.Text.Json;

namespace AgentProtocol.Agents.Echo;

/// <summary>The JSON of the echo agent; one pass each, because benchmarks measure the server with this agent.</summary>
internal static class EchoJson
{
    /// <summary>How far a run in steps is.</summary>
    public static JsonElement Step(int step, int of) => AgentJson.Write(32, (step, of), static (writer, value) =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("step"u8, value.step);
        writer.WriteNumber("of"u8, value.of);
        writer.WriteEndObject();
    });

    /// <summary>The update that adds the answer to the thread's messages.</summary>
    public static JsonElement Answer(string messageId, string text) => AgentJson.Write(128 + text.Length, (messageId, text), static (writer, value) =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray("messages"u8);
        writer.WriteStartObject();
        writer.WriteString("type"u8, "ai"u8);
        writer.WriteString("id"u8, value.messageId);
        writer.WriteString("content"u8, value.text);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
