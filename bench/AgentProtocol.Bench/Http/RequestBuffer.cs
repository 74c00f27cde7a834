using System.Buffers.Text;
using System.Text;

namespace AgentProtocol.Bench.Http;

/// <summary>Writes one request into a buffer that is reused, so that a request costs one send and no allocation.</summary>
internal sealed class RequestBuffer(Target target)
{
    private byte[] bytes = new byte[4096];
    private int length;

    public ReadOnlySpan<byte> Get(string path)
    {
        Start("GET "u8, path);
        Append("\r\n"u8);
        return bytes.AsSpan(0, length);
    }

    public ReadOnlySpan<byte> Post(string path, ReadOnlySpan<byte> body)
    {
        Start("POST "u8, path);
        Append("Content-Length: "u8);
        AppendNumber(body.Length);
        Append(body.IsEmpty ? "\r\n\r\n"u8 : "\r\nContent-Type: application/json\r\n\r\n"u8);
        Append(body);
        return bytes.AsSpan(0, length);
    }

    private void Start(ReadOnlySpan<byte> method, string path)
    {
        length = 0;
        Append(method);
        Append(target.PathBase);
        Reserve(path.Length);
        length += Encoding.ASCII.GetBytes(path, bytes.AsSpan(length));
        Append(target.CommonHeaders);
    }

    private void Append(ReadOnlySpan<byte> part)
    {
        Reserve(part.Length);
        part.CopyTo(bytes.AsSpan(length));
        length += part.Length;
    }

    private void AppendNumber(int number)
    {
        Reserve(11);
        Utf8Formatter.TryFormat(number, bytes.AsSpan(length), out var written);
        length += written;
    }

    private void Reserve(int count)
    {
        if (bytes.Length - length < count)
        {
            Array.Resize(ref bytes, Math.Max(bytes.Length * 2, length + count));
        }
    }
}
