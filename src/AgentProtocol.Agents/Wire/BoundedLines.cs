using System.Buffers;
using System.IO.Pipelines;
using System.Text;

namespace AgentProtocol.Agents.Wire;

/// <summary>Reads lines of UTF-8 that must not be longer than is good for this server, nor too long in coming.</summary>
internal sealed class BoundedLines(Stream stream, TimeSpan silence, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a line, and an event of several lines, may be.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private readonly PipeReader pipe = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 64 * 1024));
    private bool isBegun;

    /// <summary>The next line without its end; null behind the last one.</summary>
    /// <exception cref="TimeoutException">Nothing came for too long.</exception>
    /// <exception cref="AgentException">The line is too long.</exception>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await ReadPipeAsync(cancellationToken);
            var buffer = read.Buffer;
            if (buffer.PositionOf((byte)'\n') is { } end)
            {
                var line = Decode(buffer.Slice(0, end));
                pipe.AdvanceTo(buffer.GetPosition(1, end));
                return line;
            }

            if (buffer.Length > MaxBytes)
            {
                throw TooLong();
            }

            if (read.IsCompleted)
            {
                var rest = buffer.IsEmpty ? null : Decode(buffer);
                pipe.AdvanceTo(buffer.End);
                return rest;
            }

            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>All that comes, as one text.</summary>
    public async Task<string> ReadToEndAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await ReadPipeAsync(cancellationToken);
            if (read.Buffer.Length > MaxBytes)
            {
                throw TooLong();
            }

            if (read.IsCompleted)
            {
                var text = Decode(read.Buffer);
                pipe.AdvanceTo(read.Buffer.End);
                return text;
            }

            pipe.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    public ValueTask DisposeAsync() => pipe.CompleteAsync();

    public static AgentException TooLong() => new($"The agent said more than {MaxBytes >> 20} MiB at once");

    /// <summary>Whoever gives up waiting closes the stream, and with it the read that is left.</summary>
    private async ValueTask<ReadResult> ReadPipeAsync(CancellationToken cancellationToken)
    {
        var reading = pipe.ReadAsync(cancellationToken);
        return reading.IsCompleted ? await reading : await reading.AsTask().WaitAsync(silence, time, cancellationToken);
    }

    private string Decode(ReadOnlySequence<byte> bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var start = !isBegun && text.StartsWith('\uFEFF') ? 1 : 0;
        isBegun = true;
        return text.EndsWith('\r') ? text[start..^1] : text[start..];
    }
}
