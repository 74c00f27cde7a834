using System.Text;
using AgentProtocol.Agents.Wire;
using Microsoft.Extensions.Logging;

namespace AgentProtocol.Agents.Processes;

/// <summary>What a program says on standard error: for the run's log line by line, and its end for the error of a run that fails.</summary>
internal sealed class ChildErrors(ILogger logger, TimeProvider time, Secrets secrets)
{
    private const int TailLength = 2048;
    private const int LongestLine = 2000;
    private const int LinesPerSecond = 100;

    private readonly Decoder decoder = Encoding.UTF8.GetDecoder();
    private readonly SecretFilter filter = new(secrets);
    private readonly StringBuilder line = new();
    private readonly StringBuilder tail = new();
    private long windowStart = time.GetTimestamp();
    private int linesInWindow;

    /// <summary>The last that it said.</summary>
    public string Tail => PrintableText.Of(tail.ToString()).Trim();

    public async Task PumpAsync(Func<Memory<byte>, ValueTask<int>> read)
    {
        var bytes = new byte[4096];
        var chars = new char[bytes.Length + 1];
        for (int count; (count = await read(bytes)) > 0;)
        {
            Add(filter.Add(chars.AsSpan(0, decoder.GetChars(bytes.AsSpan(0, count), chars, flush: false))));
        }

        Add(filter.End());
        LogLine();
        LogLeftOut();
    }

    private void Add(ReadOnlySpan<char> text)
    {
        tail.Append(text);
        tail.Remove(0, Math.Max(0, tail.Length - TailLength));
        while (text.IndexOf('\n') is >= 0 and var end)
        {
            AddToLine(text[..end]);
            LogLine();
            text = text[(end + 1)..];
        }

        AddToLine(text);
    }

    private void AddToLine(ReadOnlySpan<char> text) => line.Append(text[..Math.Min(text.Length, LongestLine - line.Length)]);

    private void LogLine()
    {
        var text = line.ToString().TrimEnd();
        line.Clear();
        if (text.Length == 0)
        {
            return;
        }

        if (time.GetElapsedTime(windowStart) >= TimeSpan.FromSeconds(1))
        {
            LogLeftOut();
            (windowStart, linesInWindow) = (time.GetTimestamp(), 0);
        }

        // A program in a loop must not fill the server's disk.
        if (++linesInWindow <= LinesPerSecond)
        {
            ProcessLog.Said(logger, PrintableText.Of(text));
        }
    }

    private void LogLeftOut()
    {
        if (linesInWindow > LinesPerSecond)
        {
            ProcessLog.LinesLeftOut(logger, linesInWindow - LinesPerSecond);
            linesInWindow = 0;
        }
    }
}
