using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using AgentProtocol.Contracts;
using AgentProtocol.Contracts.Errors;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentProtocol.AspNetCore.Binding;

/// <summary>Reads and parses request bodies, straight from the connection's buffer where they lie in one piece.</summary>
internal static class BodyReader
{
    private static readonly JsonDocumentOptions DocumentOptions = new()
    {
        MaxDepth = ProtocolJsonContext.MaxDepth,
        AllowDuplicateProperties = false,
    };

    /// <summary>Makes a result of a parsed body and its text; the text is gone afterwards.</summary>
    public delegate TResult Finish<T, TResult>(T value, ReadOnlySpan<byte> json);

    /// <exception cref="ProtocolException">
    /// 400 for what is not JSON, 413 for too much of it, 415 for another content type, 422 for JSON of another shape.
    /// </exception>
    public static ValueTask<TResult> ReadAsync<T, TResult>(HttpContext context, Finish<T, TResult> finish)
        where T : class, new() => ReadAsync(context, json => Parse(json, finish));

    /// <summary>Reads a body that is a list of objects, 1 to <paramref name="max"/>. Refusals name the place in the list.</summary>
    /// <exception cref="ProtocolException">As for one object.</exception>
    public static ValueTask<List<TResult>> ReadListAsync<T, TResult>(HttpContext context, int max, Finish<T, TResult> finish)
        where T : class, new() => ReadAsync(context, json => ParseList(json, max, finish));

    private static async ValueTask<TResult> ReadAsync<TResult>(HttpContext context, Func<ReadOnlyMemory<byte>, TResult> parse)
    {
        JsonContentType.Require(context.Request.ContentType);
        var limit = Limit(context);
        var reader = context.Request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                throw TooLarge(limit);
            }

            if (!read.IsCompleted)
            {
                reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            try
            {
                return Parse(read.Buffer, parse);
            }
            finally
            {
                reader.AdvanceTo(read.Buffer.End);
            }
        }
    }

    private static long Limit(HttpContext context)
    {
        var limit = context.RequestServices.GetRequiredService<IOptions<LimitsOptions>>().Value.MaxBodyBytes;
        if (context.Request.ContentLength > limit)
        {
            throw TooLarge(limit);
        }

        // The web server has a limit of its own, and ours may be the larger one.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } server)
        {
            server.MaxRequestBodySize = limit;
        }

        return limit;
    }

    private static ProtocolException TooLarge(long limit) =>
        new(ErrorCode.PayloadTooLarge, $"The body is larger than {limit} bytes (Limits:MaxBodyBytes)");

    private static TResult Parse<TResult>(ReadOnlySequence<byte> body, Func<ReadOnlyMemory<byte>, TResult> parse)
    {
        if (body.IsSingleSegment)
        {
            return parse(WithoutPreamble(body.First));
        }

        var rented = ArrayPool<byte>.Shared.Rent((int)body.Length);
        try
        {
            body.CopyTo(rented);
            return parse(WithoutPreamble(rented.AsMemory(0, (int)body.Length)));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static TResult Parse<T, TResult>(ReadOnlyMemory<byte> json, Finish<T, TResult> finish)
        where T : class, new()
    {
        switch (RootKind(json))
        {
            case JsonValueKind.Undefined or JsonValueKind.Null:
                return finish(new T(), []);
            case JsonValueKind.Object:
                return finish(Deserialize<T>(json.Span), json.Span);
            default:
                throw BodyShape.Refuse([], "must be an object");
        }
    }

    private static List<TResult> ParseList<T, TResult>(ReadOnlyMemory<byte> json, int max, Finish<T, TResult> finish)
        where T : class, new()
    {
        if (RootKind(json) != JsonValueKind.Array)
        {
            throw BodyShape.Refuse([], "must be a list of objects");
        }

        using var document = JsonDocument.Parse(json, DocumentOptions);
        var count = document.RootElement.GetArrayLength();
        if (count < 1 || count > max)
        {
            throw BodyShape.Refuse([], $"must hold 1 to {max} objects");
        }

        List<TResult> items = new(count);
        foreach (var element in document.RootElement.EnumerateArray())
        {
            items.Add(AtPlace(items.Count, () => element.ValueKind == JsonValueKind.Object
                ? ReadItem(JsonMarshal.GetRawUtf8Value(element), finish)
                : throw BodyShape.Refuse([], "must be an object")));
        }

        return items;
    }

    private static TResult ReadItem<T, TResult>(ReadOnlySpan<byte> json, Finish<T, TResult> finish) => finish(Deserialize<T>(json), json);

    private static TResult AtPlace<TResult>(int place, Func<TResult> read)
    {
        try
        {
            return read();
        }
        catch (ProtocolException refusal)
        {
            // Whoever refused knew of one object only.
            throw refusal.At(place);
        }
    }

    private static ReadOnlyMemory<byte> WithoutPreamble(ReadOnlyMemory<byte> json) =>
        json.Span.StartsWith(Encoding.UTF8.Preamble) ? json[Encoding.UTF8.Preamble.Length..] : json;

    /// <summary>
    /// Checks all of the document first. The serializer alone would not see doubled keys in fields that it skips, and
    /// would report what is not JSON at all (400) in the same way as JSON of another shape (422).
    /// </summary>
    private static JsonValueKind RootKind(ReadOnlyMemory<byte> json)
    {
        if (json.IsEmpty)
        {
            return JsonValueKind.Undefined;
        }

        if (!Utf8.IsValid(json.Span))
        {
            throw new ProtocolException(ErrorCode.BadRequest, "The body is not valid UTF-8");
        }

        try
        {
            using var document = JsonDocument.Parse(json, DocumentOptions);
            return document.RootElement.ValueKind;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair in a key, which cannot be compared with other keys.
            throw new ProtocolException(ErrorCode.BadRequest, $"The body is not valid JSON: {exception.Message}");
        }
    }

    private static T Deserialize<T>(ReadOnlySpan<byte> json)
    {
        var type = Wire<T>.Type;
        try
        {
            return JsonSerializer.Deserialize(json, type)!;
        }
        catch (JsonException exception)
        {
            throw BodyShape.Refuse(exception, type);
        }
    }

    private static class Wire<T>
    {
        public static readonly JsonTypeInfo<T> Type = (JsonTypeInfo<T>)(ProtocolJsonContext.Default.GetTypeInfo(typeof(T))
            ?? throw new InvalidOperationException($"{typeof(T)} is not listed in {nameof(ProtocolJsonContext)}."));
    }
}
