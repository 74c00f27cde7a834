using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AgentProtocol.Agents;

/// <summary>Builds the JSON that agents say, straight in UTF-8.</summary>
internal static class AgentJson
{
    private static readonly JsonWriterOptions Options = new()
    {
        // None of it is ever embedded in HTML, and escaping would inflate every text that is not ASCII.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>An object without members.</summary>
    public static JsonElement EmptyObject { get; } = JsonElement.Parse("{}"u8);

    /// <summary>Writes one value; it is passed through, so that <paramref name="write"/> need not capture it.</summary>
    /// <param name="size">About how many bytes it takes.</param>
    /// <param name="value">What is written.</param>
    /// <param name="write">How it is written.</param>
    public static JsonElement Write<T>(int size, T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>(size);
        using var writer = new Utf8JsonWriter(buffer, Options);
        write(writer, value);
        writer.Flush();
        return JsonElement.Parse(buffer.WrittenSpan);
    }
}
