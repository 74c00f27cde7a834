namespace AgentProtocol.Agents.Processes;

/// <summary>
/// What a program writes. It ends when everybody has closed it, or else soon after the program: something that has left the
/// group may hold it open, and even write to it, for ever.
/// </summary>
/// <param name="stream">The pipe.</param>
/// <param name="time">The clock.</param>
/// <param name="exited">Cancelled when the program is no more.</param>
internal sealed class ChildOutput(Stream stream, TimeProvider time, CancellationToken exited)
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    /// <summary>The most that a pipe holds on Linux, so the most that a program can have left in it.</summary>
    private const int MostLeft = 1024 * 1024;

    private int readAfterExit;

    /// <summary>Reads the next bytes; 0 at the end.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        try
        {
            if (!exited.IsCancellationRequested)
            {
                return await stream.ReadAsync(buffer, exited);
            }
        }
        catch (OperationCanceledException)
        {
            // It has exited meanwhile, but what it had written is still to be read.
        }

        return readAfterExit < MostLeft ? await ReadRestAsync(buffer) : 0;
    }

    private async ValueTask<int> ReadRestAsync(Memory<byte> buffer)
    {
        try
        {
            using var limit = new CancellationTokenSource(Grace, time);
            var count = await stream.ReadAsync(buffer, limit.Token);
            readAfterExit += count;
            return count;
        }
        catch (OperationCanceledException)
        {
            return 0;
        }
    }
}
