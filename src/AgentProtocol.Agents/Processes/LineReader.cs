namespace AgentProtocol.Agents.Processes;

/// <summary>Cuts the output of a program into lines. It reads only when it is asked, so a slow server makes the program wait.</summary>
/// <param name="read">Reads the next bytes; 0 at the end.</param>
/// <param name="longest">How many bytes a line may have.</param>
internal sealed class LineReader(Func<Memory<byte>, ValueTask<int>> read, int longest)
{
    private const int UsualSize = 16 * 1024;

    private byte[] buffer = new byte[UsualSize];
    private int start;
    private int scanned;
    private int end;
    private bool isEnded;

    /// <summary>The next line without its end, valid until the next call; null behind the last.</summary>
    /// <exception cref="AgentException">The line is too long.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync()
    {
        while (true)
        {
            var found = buffer.AsSpan(scanned, end - scanned).IndexOf((byte)'\n');
            if ((found < 0 ? end : scanned + found) - start > longest)
            {
                throw new AgentException($"The program wrote a line of more than {longest} bytes");
            }

            if (found >= 0)
            {
                return Take(scanned + found, next: scanned + found + 1);
            }

            if (isEnded)
            {
                // With its type, because a bare null would be an empty line.
                return start == end ? (ReadOnlyMemory<byte>?)null : Take(end, next: end);
            }

            scanned = end;
            MakeRoom();
            var count = await read(buffer.AsMemory(end));
            isEnded = count == 0;
            end += count;
        }
    }

    private ReadOnlyMemory<byte> Take(int lineEnd, int next)
    {
        var line = buffer.AsMemory(start, lineEnd - start);
        start = scanned = next;
        return line;
    }

    private void MakeRoom()
    {
        var length = end - start;

        // After one long line the buffer goes back to what others need.
        var size = length <= UsualSize / 2 ? UsualSize : length == buffer.Length ? 2 * length : buffer.Length;
        var target = size == buffer.Length ? buffer : new byte[size];
        Buffer.BlockCopy(buffer, start, target, 0, length);
        (buffer, start, scanned, end) = (target, 0, scanned - start, length);
    }
}
