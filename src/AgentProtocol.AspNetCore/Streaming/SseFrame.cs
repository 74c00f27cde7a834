using System.Buffers;
using System.Text;
using AgentProtocol.Contracts.Json;
using AgentProtocol.Engine.Runs;

namespace AgentProtocol.AspNetCore.Streaming;

/// <summary>Server-sent events as the SDKs decode them (wire-contract 6.1).</summary>
internal static class SseFrame
{
    private const int MaxDigits = 20;

    /// <summary>The number of an event that has none.</summary>
    public const long NoId = -1;

    /// <summary>
    /// One line and no blank one behind it: a blank line would be an event of its own to the JavaScript SDK.
    /// </summary>
    public static ReadOnlySpan<byte> Heartbeat => ": heartbeat\n"u8;

    public static void Write(IBufferWriter<byte> output, in RunStreamEvent item) => Write(output, item.Id, item.Name, item.Data);

    public static void Write(IBufferWriter<byte> output, long id, string name, RawJson data)
    {
        WriteHead(output, id, name);
        WriteLine(output, data.Text);
        output.Write("\n\n"u8);
    }

    /// <summary>Writes an event whose data is one line already.</summary>
    public static void WriteLine(IBufferWriter<byte> output, long id, string name, ReadOnlySpan<byte> json)
    {
        WriteHead(output, id, name);
        output.Write(json);
        output.Write("\n\n"u8);
    }

    private static void WriteHead(IBufferWriter<byte> output, long id, string name)
    {
        if (id != NoId)
        {
            output.Write("id: "u8);
            id.TryFormat(output.GetSpan(MaxDigits), out var digits);
            output.Advance(digits);
            output.Write("\n"u8);
        }

        output.Write("event: "u8);
        Encoding.UTF8.GetBytes(name, output);
        output.Write("\ndata: "u8);
    }

    /// <summary>
    /// Writes JSON as one line. Line breaks in valid JSON stand between tokens only, so a blank does the same; they come
    /// from callers that sent their payload indented.
    /// </summary>
    private static void WriteLine(IBufferWriter<byte> output, ReadOnlySpan<char> json)
    {
        while (json.IndexOfAny('\n', '\r') is >= 0 and var lineBreak)
        {
            Encoding.UTF8.GetBytes(json[..lineBreak], output);
            output.Write(" "u8);
            json = json[(lineBreak + 1)..];
        }

        Encoding.UTF8.GetBytes(json, output);
    }
}
