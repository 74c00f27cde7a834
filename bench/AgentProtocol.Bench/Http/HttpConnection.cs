using System.Buffers;
using System.Buffers.Text;

namespace AgentProtocol.Bench.Http;

/// <summary>One keep-alive HTTP/1.1 connection: one request at a time, opened on first use and again after a failure.</summary>
internal sealed class HttpConnection(Target target) : IDisposable
{
    private readonly Transport transport = new(target);
    private readonly RequestBuffer request = new(target);
    private readonly ArrayBufferWriter<byte> body = new(4096);
    private ResponseHead head;
    private long pieceLeft;
    private bool afterChunk;
    private bool bodyEnded;

    public long Requests { get; private set; }

    public void Open() => transport.Open();

    public Response Get(string path) => ReadAnswer(request.Get(path));

    public Response Post(string path, ReadOnlySpan<byte> json) => ReadAnswer(request.Post(path, json));

    /// <summary>Sends and reads the head; the body then comes in pieces.</summary>
    public int PostForPieces(string path, ReadOnlySpan<byte> json)
    {
        Send(request.Post(path, json));
        return head.Status;
    }

    /// <summary>The next part of the body, valid until the next call; empty at the end.</summary>
    public ReadOnlySpan<byte> ReadPiece()
    {
        if (bodyEnded || !BeginPiece())
        {
            return default;
        }

        if (transport.Unread.IsEmpty && !transport.Fill())
        {
            return EndAtClose();
        }

        var piece = transport.Unread;
        piece = piece[..(int)Math.Min(piece.Length, pieceLeft)];
        transport.Skip(piece.Length);
        pieceLeft -= piece.Length;
        return piece;
    }

    /// <summary>Gives up whatever is under way; the next request opens a new connection.</summary>
    public void Reset() => transport.Close();

    public void Dispose() => transport.Dispose();

    private Response ReadAnswer(ReadOnlySpan<byte> bytes)
    {
        Send(bytes);
        body.ResetWrittenCount();
        while (ReadPiece() is { IsEmpty: false } piece)
        {
            if (piece.Length == head.ContentLength)
            {
                EndBody();
                return new Response(head.Status, piece);
            }

            body.Write(piece);
        }

        return new Response(head.Status, body.WrittenSpan);
    }

    private void Send(ReadOnlySpan<byte> bytes)
    {
        Requests++;
        transport.Send(bytes);

        int length;
        while ((length = transport.Unread.IndexOf("\r\n\r\n"u8)) < 0)
        {
            FillOrThrow();
        }

        head = ResponseHead.Parse(transport.Unread[..length]);
        transport.Skip(length + 4);
        pieceLeft = head.Chunked ? 0 : head.ContentLength ?? long.MaxValue;
        afterChunk = false;
        bodyEnded = false;
    }

    /// <summary>Makes sure that there is a piece to read; false when the body is complete.</summary>
    private bool BeginPiece()
    {
        if (pieceLeft == 0 && head.Chunked)
        {
            pieceLeft = ReadChunkSize();
        }

        if (pieceLeft == 0)
        {
            EndBody();
        }

        return pieceLeft > 0;
    }

    private long ReadChunkSize()
    {
        if (afterChunk)
        {
            ReadLine();
        }

        afterChunk = true;
        if (!Utf8Parser.TryParse(ReadLine(), out long size, out _, 'x'))
        {
            throw new InvalidDataException("chunk without a size");
        }

        while (size == 0 && !ReadLine().IsEmpty)
        {
            // A trailer, which nobody here reads.
        }

        return size;
    }

    private ReadOnlySpan<byte> ReadLine()
    {
        int length;
        while ((length = transport.Unread.IndexOf("\r\n"u8)) < 0)
        {
            FillOrThrow();
        }

        var line = transport.Unread[..length];
        transport.Skip(length + 2);
        return line;
    }

    private ReadOnlySpan<byte> EndAtClose()
    {
        if (head.Chunked || head.ContentLength is not null)
        {
            throw new EndOfStreamException("the server closed the connection inside an answer");
        }

        EndBody();
        transport.Close();
        return default;
    }

    private void EndBody()
    {
        bodyEnded = true;
        if (head.Close)
        {
            // The bytes of the last piece stay in the buffer; only the connection goes.
            transport.Close();
        }
    }

    private void FillOrThrow()
    {
        if (!transport.Fill())
        {
            throw new EndOfStreamException("the server closed the connection");
        }
    }
}
