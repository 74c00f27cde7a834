using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using AgentProtocol.Contracts;

namespace AgentProtocol.AspNetCore.Results;

/// <summary>A buffer with its JSON writer; each thread keeps one for the next answer.</summary>
internal sealed class JsonScratch
{
    private const int KeptBytes = 256 * 1024;

    // Readable quotes and umlauts: the answers are application/json and never part of a page.
    public static readonly JsonWriterOptions WriterOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = ProtocolJsonContext.MaxDepth + 16,
        SkipValidation = true,
    };

    [ThreadStatic]
    private static JsonScratch? kept;

    private JsonScratch() => Writer = new Utf8JsonWriter(Buffer, WriterOptions);

    public ArrayBufferWriter<byte> Buffer { get; } = new(1024);

    public Utf8JsonWriter Writer { get; }

    public static JsonScratch Rent()
    {
        var scratch = kept ?? new JsonScratch();
        kept = null;
        return scratch;
    }

    public void Return()
    {
        if (Buffer.Capacity > KeptBytes)
        {
            Writer.Dispose();
            return;
        }

        Buffer.ResetWrittenCount();
        Writer.Reset();
        kept = this;
    }
}
