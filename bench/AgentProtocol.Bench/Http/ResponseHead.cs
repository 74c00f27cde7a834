using System.Buffers.Text;
using System.Text;

namespace AgentProtocol.Bench.Http;

/// <summary>What the client has to know of a status line and headers: how the body ends, and whether the connection stays.</summary>
/// <param name="Status">The status code.</param>
/// <param name="ContentLength">The announced length, or null when the body ends by chunk or by close.</param>
/// <param name="Chunked">The body is in chunks.</param>
/// <param name="Close">The server closes the connection after the body.</param>
internal readonly record struct ResponseHead(int Status, long? ContentLength, bool Chunked, bool Close)
{
    public static ResponseHead Parse(ReadOnlySpan<byte> head)
    {
        if (head.Length < 12 || !head.StartsWith("HTTP/1."u8) || !Utf8Parser.TryParse(head[9..12], out int status, out _))
        {
            throw new InvalidDataException("not an HTTP/1.1 answer");
        }

        var result = new ResponseHead(status, status is 204 or 304 ? 0 : null, Chunked: false, Close: false);
        while (head.IndexOf("\r\n"u8) is >= 0 and var end)
        {
            head = head[(end + 2)..];
            result = result.With(head);
        }

        return result;
    }

    private ResponseHead With(ReadOnlySpan<byte> line)
    {
        if (Value(line, "content-length:"u8, out var value))
        {
            return Utf8Parser.TryParse(value, out long length, out _) ? this with { ContentLength = length } : this;
        }

        if (Value(line, "transfer-encoding:"u8, out value))
        {
            return this with { Chunked = Ascii.EqualsIgnoreCase(value, "chunked"u8) };
        }

        return Value(line, "connection:"u8, out value) ? this with { Close = Ascii.EqualsIgnoreCase(value, "close"u8) } : this;
    }

    private static bool Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        value = default;
        if (line.Length < name.Length || !Ascii.EqualsIgnoreCase(line[..name.Length], name))
        {
            return false;
        }

        var end = line.IndexOf((byte)'\r');
        value = (end < 0 ? line : line[..end])[name.Length..].Trim((byte)' ');
        return true;
    }
}
