using System.Text;
using System.Text.Json;

namespace AgentProtocol.Bench.Protocol;

/// <summary>Encodes run requests; scenarios do so before the clock starts.</summary>
internal sealed class RunBodies(string assistant)
{
    public byte[] Plain(string text) => Encode(text, _ => { });

    public byte[] Streaming(string text) => Encode(text, writer =>
    {
        writer.WriteStartArray("stream_mode");
        writer.WriteStringValue("values");
        writer.WriteStringValue("messages-tuple");
        writer.WriteEndArray();
    });

    public byte[] Interrupting(string text) => Encode(text, writer => writer.WriteString("multitask_strategy", "interrupt"));

    /// <summary>A list of equal requests.</summary>
    public byte[] Batch(string text, int count) =>
        Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat(Encoding.UTF8.GetString(Plain(text)), count))}]");

    private byte[] Encode(string text, Action<Utf8JsonWriter> writeMore)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartObject();
            writer.WriteString("assistant_id", assistant);
            writer.WriteStartObject("input");
            writer.WriteStartArray("messages");
            writer.WriteStartObject();
            writer.WriteString("role", "user");
            writer.WriteString("content", text);
            writer.WriteEndObject();
            writer.WriteEndArray();
            writer.WriteEndObject();
            writeMore(writer);
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }
}
