using System.Text.Json;
using AgentProtocol.Agents.Wire;

namespace AgentProtocol.Agents.Processes;

/// <summary>The lines that a program is sent.</summary>
internal static class ChildRequests
{
    public static ReadOnlyMemory<byte> Cancel { get; } = """{"type":"cancel","reason":"stopped"}"""u8.ToArray().Append((byte)'\n').ToArray();

    public static ReadOnlyMemory<byte> Drain { get; } = """{"type":"drain"}"""u8.ToArray().Append((byte)'\n').ToArray();

    /// <summary>All that the program is told about its run.</summary>
    public static ReadOnlyMemory<byte> Run(AgentContext context) => Line("run", context, RunJson.WriteMembers);

    /// <summary>The answer to <c>ready</c>.</summary>
    public static ReadOnlyMemory<byte> Messages(IReadOnlyList<JsonElement> messages) => Line("messages", messages, RunJson.WriteMessages);

    private static ReadOnlyMemory<byte> Line<T>(string type, T value, Action<Utf8JsonWriter, T> write)
    {
        var line = AgentJson.WriteBytes(1024, (type, value, write), static (writer, said) =>
        {
            writer.WriteStartObject();
            writer.WriteString("type"u8, said.type);
            said.write(writer, said.value);
            writer.WriteEndObject();
        });

        // A caller may have sent JSON of many lines. Inside of a text an end of line is escaped, so these are mere blanks.
        line.AsSpan().Replace((byte)'\n', (byte)' ');
        line.AsSpan().Replace((byte)'\r', (byte)' ');
        return line.Append((byte)'\n').ToArray();
    }
}
