using System.Threading.Channels;

namespace AgentProtocol.Agents.Processes;

/// <summary>
/// What is written to a program's standard input. It is written beside everything else, so that a program that does not read
/// holds up nobody, and one that has closed its input has merely no interest.
/// </summary>
internal sealed class ChildInput : IAsyncDisposable
{
    private const int MostUnread = 1000;

    private readonly Channel<ReadOnlyMemory<byte>> lines = Channel.CreateBounded<ReadOnlyMemory<byte>>(
        new BoundedChannelOptions(MostUnread) { SingleReader = true });

    private readonly CancellationTokenSource abandoned = new();
    private readonly Task pump;

    public ChildInput(Stream stream) => pump = PumpAsync(stream);

    /// <summary>Sends something after all that was sent before; false when the program reads nothing, or there is nothing to be sent any more.</summary>
    public bool Send(ReadOnlyMemory<byte> text) => lines.Writer.TryWrite(text);

    /// <summary>Closes the input behind what was sent.</summary>
    public void Complete() => lines.Writer.TryComplete();

    /// <summary>Closes the input, whatever has not been read of it.</summary>
    public async ValueTask DisposeAsync()
    {
        Complete();
        await abandoned.CancelAsync();
        await pump;
        abandoned.Dispose();
    }

    private async Task PumpAsync(Stream stream)
    {
        try
        {
            await using (stream)
            {
                await foreach (var line in lines.Reader.ReadAllAsync(abandoned.Token))
                {
                    await stream.WriteAsync(line, abandoned.Token);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // It does not read, or is no more: its exit code says whether that was a failure.
        }
    }
}
