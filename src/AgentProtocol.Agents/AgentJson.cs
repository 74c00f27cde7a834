using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentProtocol.Contracts;

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

    /// <summary>What callers may nest, and the levels around it.</summary>
    public static JsonDocumentOptions DocumentOptions { get; } = new() { MaxDepth = ProtocolJsonContext.MaxDepth + 32 };

    /// <summary>An object without members.</summary>
    public static JsonElement EmptyObject { get; } = JsonElement.Parse("{}"u8);

    /// <summary>Writes one value; it is passed through, so that <paramref name="write"/> need not capture it.</summary>
    /// <param name="size">About how many bytes it takes.</param>
    /// <param name="value">What is written.</param>
    /// <param name="write">How it is written.</param>
    public static JsonElement Write<T>(int size, T value, Action<Utf8JsonWriter, T> write) =>
        JsonElement.Parse(Fill(size, value, write).WrittenSpan, DocumentOptions);

    /// <summary>The same as text that is sent.</summary>
    public static byte[] WriteBytes<T>(int size, T value, Action<Utf8JsonWriter, T> write) => Fill(size, value, write).WrittenSpan.ToArray();

    private static ArrayBufferWriter<byte> Fill<T>(int size, T value, Action<Utf8JsonWriter, T> write)
    {
        var buffer = new ArrayBufferWriter<byte>(size);
        using var writer = new Utf8JsonWriter(buffer, Options);
        write(writer, value);
        writer.Flush();
        return buffer;
    }
}
