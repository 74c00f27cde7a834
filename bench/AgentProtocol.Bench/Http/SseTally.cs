using System.Buffers;
using System.Diagnostics;

namespace AgentProtocol.Bench.Http;

/// <summary>Counts the events of a stream while it arrives, without decoding them.</summary>
internal sealed class SseTally(byte[] answer)
{
    private readonly ArrayBufferWriter<byte> partialLine = new(4096);
    private bool inEvent;

    public int Events { get; private set; }
    public long FirstEventAt { get; private set; }
    public bool SawError { get; private set; }
    public bool SawAnswer { get; private set; }

    public void Reset()
    {
        partialLine.ResetWrittenCount();
        inEvent = SawError = SawAnswer = false;
        Events = 0;
        FirstEventAt = 0;
    }

    public void Append(ReadOnlySpan<byte> piece)
    {
        while (piece.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (partialLine.WrittenCount == 0)
            {
                Line(piece[..end]);
            }
            else
            {
                partialLine.Write(piece[..end]);
                Line(partialLine.WrittenSpan);
                partialLine.ResetWrittenCount();
            }

            piece = piece[(end + 1)..];
        }

        partialLine.Write(piece);
    }

    private void Line(ReadOnlySpan<byte> line)
    {
        line = line.TrimEnd((byte)'\r');
        if (line.IsEmpty)
        {
            EndEvent();
        }
        else if (line.StartsWith("event:"u8))
        {
            inEvent = true;
            SawError |= line[6..].Trim((byte)' ').SequenceEqual("error"u8);
        }
        else if (line.StartsWith("data:"u8))
        {
            inEvent = true;
            SawAnswer = SawAnswer || line.IndexOf(answer) >= 0;
        }
    }

    private void EndEvent()
    {
        if (!inEvent)
        {
            return;
        }

        inEvent = false;
        if (Events++ == 0)
        {
            FirstEventAt = Stopwatch.GetTimestamp();
        }
    }
}
